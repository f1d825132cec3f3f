import type { RunState } from '../model/run.ts'
import type { StoreCheck } from './store.ts'

/** The result of comparing a store's counters of runs with its indexes, without writing. */
export interface CounterFacts {
  /** Whether all runs were ever counted. */
  readonly isCounted: boolean
  /** Runs and groups (queue, job, state) by the counters. */
  readonly runs: number
  readonly groups: number
  readonly miscounts: readonly FoundMiscount[]
}

/** A counter that is wrong; without queue and job, the sum of a state's counters. */
export interface FoundMiscount {
  readonly queue?: string
  readonly job?: string
  readonly state: RunState
  readonly stored: number
  readonly counted: number
}

/** The counters are right, but a process of an earlier version, which counts nothing, runs beside or ran since. */
export function countersCheck({ isCounted, runs, groups, miscounts }: CounterFacts): StoreCheck {
  const name = 'counters'
  if (!isCounted) {
    return {
      name,
      verdict: 'warning',
      found: `runs of an earlier version are not all counted yet; ${counted(runs, 'run')} so far`,
      remedy: 'start a worker, whose leader counts them, or count them now: durable-jobs doctor --recount',
    }
  }
  const [first] = miscounts
  if (first === undefined) {
    return { name, verdict: 'fine', found: `${counted(runs, 'run')} in ${counted(groups, 'group')}` }
  }
  const more = miscounts.length - 1
  return {
    name,
    verdict: 'warning',
    found: `${miscountText(first)}${more > 0 ? `, and ${counted(more, 'more counter')} wrong` : ''}`,
    remedy:
      'stop workers and clients of earlier versions; a leader puts counters right within 10 minutes, durable-jobs doctor --recount at once',
  }
}

function miscountText({ queue, job, state, stored, counted: is }: FoundMiscount): string {
  const of = queue === undefined ? '' : ` of job '${job}' in queue '${queue}'`
  return `${number(is)} ${state} runs${of} are counted as ${number(stored)}`
}

function counted(n: number, what: string): string {
  return `${number(n)} ${what}${n === 1 ? '' : 's'}`
}

function number(n: number): string {
  return n.toLocaleString('en')
}
