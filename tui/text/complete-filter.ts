import { runStates } from '../../runtime/model/run.ts'
import { type FilterKey, filterKeys, findFilterKey, runOrders } from './filter-keys.ts'
import { type FilterToken, filterTokens, quotedValue } from './filter-tokens.ts'

/** The names that the screen has seen; each list in the order of its offers. */
export interface KnownNames {
  readonly jobs?: readonly string[]
  readonly queues?: readonly string[]
  readonly tags?: readonly string[]
  readonly uniqueKeys?: readonly string[]
  readonly workers?: readonly string[]
  readonly limiters?: readonly string[]
  readonly fingerprints?: readonly string[]
}

export interface FilterCompletion {
  /** The part of the text that a candidate replaces. */
  readonly start: number
  readonly end: number
  readonly candidates: readonly FilterCandidate[]
}

interface FilterCandidate {
  readonly insert: string
  readonly hint?: string
}

const maxCandidates = 20
const ages = ['5m', '1h', '1d']

/** Returns the candidates at the cursor: keys at the begin of a part, values after a key. */
export function completeFilter(text: string, cursor: number, known: KnownNames): FilterCompletion {
  const token = filterTokens(text).find(({ start, end }) => start <= cursor && cursor <= end)
  if (token === undefined) return { start: cursor, end: cursor, candidates: keyCandidates('', false) }
  const key = token.key === undefined ? undefined : findFilterKey(token.key)
  if (key !== undefined && cursor >= token.valueStart) return completeValue(text, cursor, token, key, known)
  const start = token.start + (token.negated ? 1 : 0)
  const typed = text.slice(start, Math.max(start, cursor))
  const end = token.key === undefined ? token.end : token.valueStart
  return { start, end, candidates: keyCandidates(typed, token.negated) }
}

function keyCandidates(typed: string, negated: boolean): FilterCandidate[] {
  return filterKeys
    .filter(({ values, name }) => name.startsWith(typed.toLowerCase()) && !(negated && hasNoOpposite(values)))
    .flatMap(({ name, operators, hint }) =>
      operators.map((operator) => ({ insert: `${name}${operator}`, hint })),
    )
}

function hasNoOpposite(values: FilterKey['values']): boolean {
  return values === 'ages' || values === 'orders' || values === 'limiters' || values === 'limitKeys'
}

function completeValue(
  text: string,
  cursor: number,
  token: FilterToken,
  key: FilterKey,
  known: KnownNames,
): FilterCompletion {
  const listed = key.values === 'states'
  const written = text.slice(token.valueStart, cursor)
  const start = listed ? token.valueStart + written.lastIndexOf(',') + 1 : token.valueStart
  const before = listed ? text.slice(token.valueStart, start).split(',') : []
  const typed = text.slice(start, cursor).replaceAll('"', '').toLowerCase()
  const nextComma = listed ? text.indexOf(',', cursor) : -1
  const end = nextComma === -1 || nextComma > token.end ? token.end : nextComma
  const candidates = matching(valuesOf(key, known), typed).filter((value) => !before.includes(value))
  return {
    start,
    end,
    candidates: candidates.slice(0, maxCandidates).map((value) => ({ insert: quotedValue(value) })),
  }
}

function valuesOf({ values }: FilterKey, known: KnownNames): readonly string[] {
  switch (values) {
    case undefined:
    // A limiter may have any number of keys.
    case 'limitKeys':
      return []
    case 'states':
      return runStates
    case 'ages':
      return ages
    case 'orders':
      return runOrders
    default:
      return known[values] ?? []
  }
}

/** Those that begin with it, then those that have it inside. */
function matching(values: readonly string[], typed: string): string[] {
  const begins = values.filter((value) => value.toLowerCase().startsWith(typed))
  const inside = values.filter(
    (value) => value.toLowerCase().includes(typed) && !value.toLowerCase().startsWith(typed),
  )
  return [...begins, ...inside]
}
