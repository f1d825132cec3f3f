import { drainingText } from '../../runtime/describe/action-result.ts'
import { runsText } from '../../runtime/describe/plan-sentences.ts'
import type { WorkerInfo } from '../../runtime/store/store.ts'
import { type Action, type Effect, impossible, ready } from './action.ts'

export const drainWorker: Action<'worker'> = {
  command: 'drain',
  on: ['worker'],
  tier: 2,
  refusal: ({ draining }) => (draining ? 'it is already draining' : undefined),
  plan: async (jobs, { target }) => {
    const workers = await jobs.inspector.workers()
    const worker = workers.find(({ name, lost }) => name === target.id && !lost)
    if (worker === undefined) return impossible('there is no longer a live worker of this name')
    if (worker.draining) return impossible('it is already draining')
    return ready(target, [
      { text: `it would claim no more, hand ${runsText(worker.running)} over and stop` },
      othersEffect(worker, workers),
    ])
  },
  words: ({ id }) => ['drain', id],
  carryOut: async (jobs, { target: { id }, write }) => {
    await jobs.drainWorker(id, write)
    return drainingText(id)
  },
}

/** Which workers have its jobs once it has gone. */
function othersEffect(worker: WorkerInfo, workers: readonly WorkerInfo[]): Effect {
  const live = workers.filter(({ name, lost, draining }) => name !== worker.name && !lost && !draining)
  const orphans = worker.jobs.filter(
    ({ name, version }) =>
      !live.some(({ jobs }) => jobs.some((job) => job.name === name && job.version >= version)),
  )
  if (orphans.length === 0) {
    return {
      text: `${live.length === 1 ? '1 other worker has' : 'other workers have'} all of its jobs`,
      tone: 'dim',
    }
  }
  const names = [...new Set(orphans.map(({ name }) => `'${name}'`))].join(', ')
  return { text: `no other live worker has ${names}: those runs would wait for one`, tone: 'warn' }
}
