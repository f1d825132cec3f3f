import { createHash } from 'node:crypto'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { type Run, type RunState, runStates } from '../model/run.ts'
import type { StoredError } from '../model/stored-error.ts'
import {
  filterNames,
  filterParts,
  maxInspectedRuns,
  type RunFilter,
  type RunOrder,
  type RunPage,
  type RunQuery,
} from './run-filter.ts'

/*
 * How runs are searched on every store.
 * Q1  A search inspects runs in its order, in steps, until the page is full, `maxInspectedRuns` were inspected or none
 * is left. A position counts the inspected runs, not the matching ones.
 * Q2  Positions consist of values that a run keeps while its state doesn't change, so paging shows none of those twice
 * and skips none.
 * Q3  A cursor is bound to the order and the filter, except for times: `since` of a command line differs in each call,
 * and a position stays valid.
 */

/** The most held runs that are sorted by time. */
export const maxHeldRuns = 20_000

/** A page gets no more records after this many bytes of them. */
const maxPageBytes = 8_388_608

/** How far a search has come; by number, or for `longest` by time. */
export interface RunPosition {
  /** The number of the last run inspected; in `longest` of the last one that was found by time. */
  readonly seq: number
  /** `longest`: when that one entered its state, in the store's time. */
  readonly at: number
  /** `longest`: the number of the last run that was found by number, as it has been ready since its enqueue. */
  readonly fresh: number
}

/** A checked query. */
export interface RunSearch {
  readonly filter: RunFilter
  readonly order: RunOrder
  readonly limit: number
  /** The states that the filter names and its other parts allow, in the order of `runStates`. */
  readonly states: readonly RunState[]
  readonly from: RunPosition
}

/** The result of a step of a search. */
export interface SearchStep {
  /** How many runs it inspected. */
  readonly looked: number
  /** Those that match, in order. */
  readonly runs: readonly Run[]
  readonly bytes: number
  readonly position: RunPosition
  /** Whether nothing is left. */
  readonly ended: boolean
}

/** Inspects at most `atMost` runs from a position on and stops after `wanted` that match. */
export type InspectRuns = (
  position: RunPosition,
  bounds: { readonly atMost: number; readonly wanted: number },
) => SearchStep | Promise<SearchStep>

const newestSeq = 2 ** 47
const maxLimit = 1_000
/** A step inspects few runs at first: if most match, more would be read in vain. */
const inspectedAtOnce = { first: 20, most: 200 } as const

/** Q1. */
export async function searchRuns(search: RunSearch, inspect: InspectRuns): Promise<RunPage> {
  const runs: Run[] = []
  if (search.states.length === 0) return { runs, looked: 0 }
  let [position, looked, bytes] = [search.from, 0, 0]
  for (let n = 0; ; n++) {
    const wanted = search.limit - runs.length
    const doubled = Math.max(wanted, inspectedAtOnce.first) * 2 ** n
    const atMost = Math.min(doubled, inspectedAtOnce.most, maxInspectedRuns - looked)
    const step = await inspect(position, { atMost, wanted })
    runs.push(...step.runs)
    position = step.position
    looked += step.looked
    bytes += step.bytes
    if (step.ended) return { runs, looked }
    if (runs.length >= search.limit || looked >= maxInspectedRuns || bytes >= maxPageBytes) {
      return { runs, cursor: formatCursor(search, position), looked }
    }
  }
}

const heldStates: readonly RunState[] = ['running', 'cancelling']
const longestStates: readonly RunState[] = ['ready', 'waiting', ...heldStates]

const knownOptions = [...filterNames, 'order', 'limit', 'cursor']

/** @throws InvalidOptionsError */
export function parseRunQuery(query: RunQuery): RunSearch {
  checkKnownOptions(query, knownOptions, 'runs')
  const { order = 'newest', limit, cursor, ...filter } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new InvalidOptionsError(`runs: limit must be 1 to ${maxLimit}, not ${limit}`)
  }
  if (!['newest', 'oldest', 'longest'].includes(order)) {
    throw new InvalidOptionsError(`runs: '${order}' is no order; write newest, oldest or longest`)
  }
  for (const name of ['minAgeMs', 'since', 'before'] as const) {
    const value = filter[name]
    if (value !== undefined && (!Number.isFinite(value) || value < 0)) {
      throw new InvalidOptionsError(`runs: ${name} is ${value}; give milliseconds`)
    }
  }
  if (filter.text === '') throw new InvalidOptionsError('runs: text is empty; leave it out to see every run')
  if (filter.limitKey !== undefined && filter.limiter === undefined) {
    throw new InvalidOptionsError(
      `runs: limitKey '${filter.limitKey}' is a key of a limiter; name the limiter, too`,
    )
  }
  const states = statesOf(filter)
  const other = states.find((state) => !longestStates.includes(state))
  if (order === 'longest' && other !== undefined) {
    throw new InvalidOptionsError(
      `runs: the order 'longest' is for ready, waiting, running and cancelling runs, not for ${other} ones; name the states`,
    )
  }
  const search = { filter, order, limit, states }
  return { ...search, from: cursor === undefined ? startOf(order) : parseCursor(search, cursor) }
}

/**
 * A fingerprint selects failed runs, a worker held runs, and a waitlist runs that wait, with their own limits or a
 * step's in a worker's slot, and ready ones whose other wait is over.
 * @throws InvalidOptionsError for an unknown state.
 */
function statesOf({ states, fingerprint, worker, limiter }: RunFilter): RunState[] {
  const strange = states?.find((state) => !runStates.includes(state))
  if (strange !== undefined) {
    throw new InvalidOptionsError(`runs: '${strange}' is not a state; use one of ${runStates.join(', ')}`)
  }
  return runStates.filter(
    (state) =>
      (states === undefined || states.includes(state)) &&
      (fingerprint === undefined || state === 'failed') &&
      (worker === undefined || heldStates.includes(state)) &&
      (limiter === undefined || state === 'waiting' || state === 'ready' || heldStates.includes(state)),
  )
}

function startOf(order: RunOrder): RunPosition {
  return { seq: order === 'newest' ? newestSeq : 0, at: 0, fresh: 0 }
}

/** Q3. */
function markOf({ filter, order, states }: Omit<RunSearch, 'from' | 'limit'>): string {
  const parts = filterNames.filter((name) => name !== 'states' && filterParts[name] === 'bound')
  const bound = [order, states, ...parts.map((name) => filter[name] ?? null)]
  return createHash('sha256').update(JSON.stringify(bound)).digest('hex').slice(0, 8)
}

function formatCursor(search: RunSearch, { seq, at, fresh }: RunPosition): string {
  const parts = search.order === 'longest' ? [seq, at, fresh] : [seq]
  return [markOf(search), ...parts.map((part) => part.toString(36))].join('-')
}

function parseCursor(search: Omit<RunSearch, 'from'>, cursor: string): RunPosition {
  const [mark, ...parts] = cursor.split('-')
  const expected = search.order === 'longest' ? 3 : 1
  if (!/^[0-9a-f]{8}(-[0-9a-z]{1,10}){1,3}$/.test(cursor) || parts.length !== expected) {
    throw new InvalidOptionsError(`cursor: '${cursor}' is not a cursor; pass the cursor of the previous page`)
  }
  if (mark !== markOf(search)) {
    throw new InvalidOptionsError(
      `cursor: '${cursor}' belongs to another filter or order; pass it with those of the previous page`,
    )
  }
  const [seq = 0, at = 0, fresh = 0] = parts.map((part) => Number.parseInt(part, 36))
  return { seq, at, fresh }
}

/** Returns whether a run matches the parts that need its decoded record: tag, unique key and text. */
export function matchesRecord(
  run: Run,
  { filter: { tag, unique, text } }: Pick<RunSearch, 'filter'>,
): boolean {
  return (
    (tag === undefined || run.tags.includes(tag)) &&
    (unique === undefined || run.unique?.key === unique || run.unique?.canonicalKey === unique) &&
    (text === undefined || hasText(run, text.toLowerCase()))
  )
}

function hasText(run: Run, text: string): boolean {
  return [run.job, run.id, ...reasonsOf(run)].some((part) => part.toLowerCase().includes(text))
}

/** Returns the reason of a run's state for a list: error, block, cancel. */
function reasonsOf(run: Run): string[] {
  switch (run.state) {
    case 'failed':
      return errorTexts(run.error)
    case 'waiting':
      return run.error === undefined ? [] : errorTexts(run.error)
    case 'blocked':
      return [run.reason]
    case 'cancelling':
    case 'cancelled':
      return run.reason === undefined ? [] : [run.reason]
    default:
      return []
  }
}

/** Name and message of the error, its causes and inner errors. */
function errorTexts({ name, message, cause, errors = [] }: StoredError): string[] {
  const inner = cause === undefined ? errors : [cause, ...errors]
  return [`${name}: ${message}`, ...inner.flatMap(errorTexts)]
}
