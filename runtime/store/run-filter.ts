import type { Run, RunState } from '../model/run.ts'

/** How many runs one call of `runs` inspects at most. */
export const maxInspectedRuns = 1_000

export interface RunFilter {
  /** Left out: every state. */
  readonly states?: readonly RunState[]
  readonly job?: string
  readonly queue?: string
  readonly tag?: string
  /** The unique key, as the author wrote it. */
  readonly unique?: string
  /** Failed now for this fingerprint; implies the state `failed`. */
  readonly fingerprint?: string
  /** Name of the worker that holds the run now. */
  readonly worker?: string
  /**
   * Name of a limiter on whose waitlist the run is, with its own limits or a step's; implies the states `waiting`,
   * `ready`, `running` and `cancelling`.
   */
  readonly limiter?: string
  /** With `limiter`: the key that it waits for; '' for a limiter without keys. Left out: any. */
  readonly limitKey?: string
  /** At least this long in its current state. */
  readonly minAgeMs?: number
  /** Entered its current state (an ended run: ended) at this time or later; ms since the epoch. */
  readonly since?: number
  /** Entered its current state before this time; ms since the epoch. */
  readonly before?: number
  /**
   * Part of the job's name, the id, or the reason (error, blocked, cancelled), ignoring case. Compared on inspected
   * runs only.
   */
  readonly text?: string
}

/** Names of the parts of a filter. `bound`: a cursor needs the same value; times may change between two pages. */
export const filterParts: Readonly<Record<keyof RunFilter, 'bound' | 'free'>> = {
  states: 'bound',
  job: 'bound',
  queue: 'bound',
  tag: 'bound',
  unique: 'bound',
  fingerprint: 'bound',
  worker: 'bound',
  limiter: 'bound',
  limitKey: 'bound',
  minAgeMs: 'free',
  since: 'free',
  before: 'free',
  text: 'bound',
}

export const filterNames: readonly (keyof RunFilter)[] = Object.keys(filterParts) as (keyof RunFilter)[]

/** `newest` and `oldest` by enqueue; `longest` in the current state, only for ready, waiting and held runs. */
export type RunOrder = 'newest' | 'oldest' | 'longest'

export interface RunQuery extends RunFilter {
  /** Default: newest. */
  readonly order?: RunOrder
  readonly limit: number
  /** Of the previous page, with the same filter and order. */
  readonly cursor?: string
}

export interface RunPage {
  readonly runs: readonly Run[]
  /** Set while there may be more: a page without runs may have one. */
  readonly cursor?: string
  /** How many runs were inspected, at most `maxInspectedRuns`. */
  readonly looked: number
}

/** Runs of one state of a job in a queue. Never 0. */
export interface RunCount {
  readonly queue: string
  readonly job: string
  readonly state: RunState
  readonly count: number
}
