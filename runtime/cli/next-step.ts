import type { Run } from '../model/run.ts'
import { findDeadlocks } from '../store/deadlocks.ts'
import type { Inspector } from '../store/store.ts'
import { commandLine } from './command-line.ts'
import type { SharedOptions } from './shared-options.ts'

/** What a person can do about a run as it stands; empty where it goes on by itself. */
export async function nextStep(
  run: Run,
  inspector: Inspector,
  options: Pick<SharedOptions, 'store'>,
): Promise<string> {
  switch (run.state) {
    case 'ready':
      return claimHindrance(run, inspector, options)
    case 'running':
    case 'cancelling':
      return lostHolder(run.worker, inspector, options)
    case 'failed':
    case 'cancelled':
    case 'expired':
      return `go on from the stored steps: ${commandLine(['retry', run.id], options)}`
    case 'waiting':
      return run.waitingFor.kind === 'limit' ? deadlockHint(run, inspector, options) : ''
    case 'blocked':
      return 'start a worker with code that fits the stored steps; the run then goes on by itself'
    default:
      return ''
  }
}

/** A dead worker's run goes on once another one is there. */
async function lostHolder(
  name: string,
  inspector: Inspector,
  options: Pick<SharedOptions, 'store'>,
): Promise<string> {
  const workers = await inspector.workers()
  const dead = !workers.some((worker) => worker.name === name && !worker.lost)
  const others = workers.some((worker) => !worker.lost)
  return dead && !others
    ? `its worker is dead, start another one: ${commandLine(['work', 'FILE'], options)}`
    : ''
}

/** A run that waits for a limiter goes on by itself, but in a deadlock or behind one. */
async function deadlockHint(
  { id }: Run,
  inspector: Inspector,
  options: Pick<SharedOptions, 'store'>,
): Promise<string> {
  const isStuck = findDeadlocks(await inspector.waitGraph({ run: id }), id).length > 0
  return isStuck ? `a deadlock holds it up: ${commandLine(['explain', id], options)}` : ''
}

/** Why no worker takes a ready run, if none can. */
async function claimHindrance(
  { job, version, queue }: Run,
  inspector: Inspector,
  options: Pick<SharedOptions, 'store'>,
): Promise<string> {
  const [queues, workers] = [await inspector.queues(), await inspector.workers()]
  if (queues.some(({ name, paused }) => name === queue && paused !== undefined)) {
    return `its queue is paused: ${commandLine(['resume', queue], options)}`
  }
  const able = workers.filter(
    (worker) => !worker.lost && worker.jobs.some((known) => known.name === job && known.version >= version),
  )
  if (
    able.length > 0 &&
    !able.some((worker) => worker.queues === undefined || worker.queues.includes(queue))
  ) {
    return `no live worker takes queue '${queue}': ${commandLine(['work', 'FILE', '--queues', queue], options)}`
  }
  const full = (await inspector.checks('quick')).some(
    ({ name, verdict }) => name === 'memory' && verdict === 'fault',
  )
  if (full) return `the server’s memory is full, no run begins: ${commandLine(['doctor'], options)}`
  return able.length > 0
    ? ''
    : `no live worker has version ${version} of '${job}': ${commandLine(['work', 'FILE'], options)}`
}
