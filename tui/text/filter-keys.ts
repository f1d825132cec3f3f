import { parseDuration } from '../../runtime/model/duration.ts'
import { InvalidOptionsError } from '../../runtime/model/invalid-options-error.ts'
import { type RunState, runStates } from '../../runtime/model/run.ts'
import type { RunFilter, RunOrder } from '../../runtime/store/run-filter.ts'
import type { FilterOperator } from './filter-tokens.ts'

/** What a part of a filter sets, or why it is invalid. */
export type PartRead = { readonly sets: PartSets } | { readonly problem: string }

type PartSets = RunFilter & { readonly order?: RunOrder }

export interface FilterKey {
  readonly name: string
  /** Other names that are read, never written. */
  readonly aliases?: readonly string[]
  readonly operators: readonly FilterOperator[]
  /** It may be written with an empty value, in quotes. */
  readonly mayBeEmpty?: true
  /** For the list of completions. */
  readonly hint: string
  /** Which of the known names are its values. */
  readonly values?:
    | 'states'
    | 'jobs'
    | 'queues'
    | 'tags'
    | 'uniqueKeys'
    | 'workers'
    | 'limiters'
    | 'limitKeys'
    | 'fingerprints'
    | 'ages'
    | 'orders'
  read(value: string, operator: FilterOperator, now: number): PartRead
}

export const runOrders: readonly RunOrder[] = ['newest', 'oldest', 'longest']

const plain: readonly FilterOperator[] = [':']

/** Every key of the grammar, in the order in which a filter is written. */
export const filterKeys: readonly FilterKey[] = [
  { name: 'state', operators: plain, hint: 'failed,expired', values: 'states', read: readStates },
  named('job', 'jobs', 'name of the job'),
  named('queue', 'queues', 'name of the queue'),
  named('tag', 'tags', 'one tag of the run'),
  named('unique', 'uniqueKeys', 'unique key of the run'),
  {
    ...named('fingerprint', 'fingerprints', 'failed in this way'),
    name: 'by',
    aliases: ['fingerprint'],
  },
  named('worker', 'workers', 'held by this worker'),
  named('limiter', 'limiters', 'waits for this limiter'),
  {
    ...named('limitKey', 'limitKeys', 'with limiter: the key that it waits for'),
    name: 'key',
    mayBeEmpty: true,
  },
  {
    name: 'age',
    operators: ['>', '<'],
    hint: 'age>1h in its state for at least 1h, age<5m for less',
    values: 'ages',
    read: readAge,
  },
  {
    name: 'since',
    operators: plain,
    hint: 'came into its state since: 2h, or a time',
    values: 'ages',
    read: (value, _, now) => readTime(value, now, (since) => ({ since })),
  },
  {
    name: 'before',
    operators: plain,
    hint: 'came into its state before: 2h, or a time',
    values: 'ages',
    read: (value, _, now) => readTime(value, now, (before) => ({ before })),
  },
  {
    name: 'err',
    aliases: ['text', 'error'],
    operators: plain,
    hint: 'part of the reason, the id or the job',
    read: (text) => ({ sets: { text } }),
  },
  {
    name: 'order',
    aliases: ['sort'],
    operators: plain,
    hint: 'newest, oldest or longest',
    values: 'orders',
    read: readOrder,
  },
]

export function findFilterKey(name: string): FilterKey | undefined {
  return filterKeys.find((key) => key.name === name || key.aliases?.includes(name))
}

function named(
  field: 'job' | 'queue' | 'tag' | 'unique' | 'fingerprint' | 'worker' | 'limiter' | 'limitKey',
  values: NonNullable<FilterKey['values']>,
  hint: string,
): FilterKey {
  return { name: field, operators: plain, hint, values, read: (value) => ({ sets: { [field]: value } }) }
}

function readStates(value: string): PartRead {
  const names = value.split(',')
  const strange = names.find((name) => !(runStates as readonly string[]).includes(name))
  if (strange === undefined) return { sets: { states: names as RunState[] } }
  return { problem: `'${strange}' is not a state; there are ${runStates.join(', ')}` }
}

function readOrder(value: string): PartRead {
  const order = runOrders.find((name) => name === value)
  return order === undefined
    ? { problem: `'${value}' is not an order; write ${runOrders.join(', ')}` }
    : { sets: { order } }
}

function readAge(value: string, operator: FilterOperator, now: number): PartRead {
  const ms = durationOf(value)
  if (ms === undefined) return { problem: `'${value}' is not a duration; write 90s, 5m, 1h or 2d` }
  return { sets: operator === '>' ? { minAgeMs: ms } : { since: Math.max(0, now - ms) } }
}

function readTime(value: string, now: number, sets: (at: number) => PartSets): PartRead {
  const ms = durationOf(value)
  if (ms !== undefined) return { sets: sets(Math.max(0, now - ms)) }
  const at = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN
  if (at >= 0) return { sets: sets(at) }
  return { problem: `'${value}' is neither a duration nor a time; write 2h or 2030-01-31T09:00:00Z` }
}

/** A bare number has no unit, and users rarely mean milliseconds. */
function durationOf(value: string): number | undefined {
  try {
    return parseDuration(value, 'duration')
  } catch (error) {
    if (!InvalidOptionsError.is(error)) throw error
    return undefined
  }
}
