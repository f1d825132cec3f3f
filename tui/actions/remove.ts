import { removedText } from '../../runtime/describe/action-result.ts'
import { ready } from './action.ts'
import { onRuns } from './on-runs.ts'

export const remove: ReturnType<typeof onRuns> = onRuns({
  kind: 'remove',
  tier: 2,
  discards: true,
  plan: async (_, { state, position }, target) => {
    const entries = position === 1 ? '1 entry' : `${position} entries`
    const text = `would be removed with its journal (${entries}) and its history; it is ${state}`
    return ready(target, [{ text, tone: 'warn' }], { runs: 1 })
  },
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    await jobs.remove(id, { ...write, expected })
    return removedText(id)
  },
})
