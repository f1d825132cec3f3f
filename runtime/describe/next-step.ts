import type { Run } from '../model/run.ts'
import { findDeadlocks } from '../store/deadlocks.ts'
import type { Inspector } from '../store/store.ts'
import { commandLine, type StoreChoice } from './command-line.ts'
import { findHindrances } from './hindrance.ts'
import { retryAdvice } from './retry-command.ts'

/** Returns what a person can do about a run, with the command for it; '' if it continues by itself. */
export async function nextStep(run: Run, inspector: Inspector, options: StoreChoice): Promise<string> {
  switch (run.state) {
    case 'ready':
      return claimHindrance(run, inspector, options)
    case 'running':
    case 'cancelling':
      return lostHolder(run.worker, inspector, options)
    case 'failed':
    case 'cancelled':
    case 'expired':
      return continuation(run, inspector, options)
    case 'waiting':
      return run.waitingFor.kind === 'limit' ? deadlockHint(run, inspector, options) : ''
    case 'blocked':
      return 'start a worker with code that fits the stored steps; the run then continues by itself'
    default:
      return ''
  }
}

async function continuation(run: Run, inspector: Inspector, options: StoreChoice): Promise<string> {
  const { command, unless } = await retryAdvice(run, inspector, options)
  const condition = unless === undefined ? '' : `if the effect of step '${unless}' did not happen, `
  return `${condition}continue from the stored steps: ${command}`
}

/** A dead worker's run continues once another worker runs. */
async function lostHolder(name: string, inspector: Inspector, options: StoreChoice): Promise<string> {
  const workers = await inspector.workers()
  const dead = !workers.some((worker) => worker.name === name && !worker.lost)
  const others = workers.some((worker) => !worker.lost)
  return dead && !others
    ? `its worker is dead, start another one: ${commandLine(['work', 'FILE'], options)}`
    : ''
}

/** A run that waits for a limiter continues by itself, unless it is in a deadlock or behind one. */
async function deadlockHint({ id }: Run, inspector: Inspector, options: StoreChoice): Promise<string> {
  const isStuck = findDeadlocks(await inspector.waitGraph({ run: id }), id).length > 0
  return isStuck ? `it is held up by a deadlock: ${commandLine(['explain', id], options)}` : ''
}

/** Returns why no worker can take a ready run, if none can. */
async function claimHindrance(run: Run, inspector: Inspector, options: StoreChoice): Promise<string> {
  const { job, version, queue } = run
  const [queues, workers] = [await inspector.queues(), await inspector.workers()]
  const [hindrance] = findHindrances(run, { queues, workers })
  switch (hindrance?.kind) {
    case 'paused':
      return `its queue is paused: ${commandLine(['resume', queue], options)}`
    case 'no queue':
      return `no live worker takes queue '${queue}': ${commandLine(['work', 'FILE', '--queues', queue], options)}`
    case 'no worker':
    case 'no job':
    case 'old code':
      return `no live worker has version ${version} of '${job}': ${commandLine(['work', 'FILE'], options)}`
    default:
      return (await isFull(inspector))
        ? `the server’s memory is full, no run starts: ${commandLine(['doctor'], options)}`
        : ''
  }
}

async function isFull(inspector: Inspector): Promise<boolean> {
  const checks = await inspector.checks('quick')
  return checks.some(({ name, verdict }) => name === 'memory' && verdict === 'fault')
}
