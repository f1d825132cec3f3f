import { cancelledText } from '../../runtime/describe/action-result.ts'
import { stopText } from '../../runtime/describe/stop-text.ts'
import { ready } from './action.ts'
import { onRuns } from './on-runs.ts'

export const cancel: ReturnType<typeof onRuns> = onRuns({
  kind: 'cancel',
  tier: 2,
  discards: true,
  plan: async (_, run, target) => {
    const text =
      run.state === 'running'
        ? `would be told to stop; ${stopText(run.worker)}`
        : `would be cancelled at once; it is ${run.state}`
    return ready(target, [{ text }], { runs: 1 })
  },
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    const { state } = await jobs.run(id).cancel({ ...write, expected })
    return cancelledText(id, state)
  },
})
