import { closest } from '../../runtime/cli/closest.ts'
import { InvalidOptionsError } from '../../runtime/model/invalid-options-error.ts'
import { type Run, type RunState, runStates } from '../../runtime/model/run.ts'
import type { RunFilter, RunOrder } from '../../runtime/store/run-filter.ts'
import { matchesRecord, parseRunQuery } from '../../runtime/store/run-search.ts'
import { type FilterKey, filterKeys, findFilterKey, type PartRead } from './filter-keys.ts'
import { type FilterToken, filterTokens } from './filter-tokens.ts'
import { twiceText } from './twice-text.ts'

/*
 * The filter of a list of runs: `state:failed job:import age>1h err:timeout !x plain words`.
 * F1  The search matches the text: an invalid part is a problem with its position, never ignored silently.
 * F2  The store searches by `filter` and `order`. It can't search by negation: `!state:…` lists the other states, and
 * every other `!…` hides rows on the screen. A filter that hides rows covers less than the store would find, so no
 * action may apply to all of its runs (`isWhole`).
 * F3  Ages are relative: parse the text anew with the store's time for each read.
 */

export interface ParsedFilter {
  readonly filter: RunFilter
  /** Left out: newest. */
  readonly order?: RunOrder
  readonly hidden: readonly HiddenRuns[]
  readonly unknown: readonly FilterProblem[]
}

/** Runs that match it are not shown. One field. */
export type HiddenRuns = Pick<
  RunFilter,
  'job' | 'queue' | 'tag' | 'unique' | 'fingerprint' | 'worker' | 'text'
>

/** An unusable part of the text. */
interface FilterProblem {
  readonly start: number
  readonly message: string
}

interface Draft {
  filter: { -readonly [Field in keyof RunFilter]: RunFilter[Field] }
  order?: RunOrder
  notStates: Set<RunState>
  words: FilterToken[]
  hidden: HiddenRuns[]
  unknown: FilterProblem[]
  /** By field: the part that set it. */
  setBy: Map<string, FilterToken>
}

/** @param now The store's time, for ages. */
export function parseFilter(text: string, now: number): ParsedFilter {
  const draft: Draft = {
    filter: {},
    notStates: new Set(),
    words: [],
    hidden: [],
    unknown: [],
    setBy: new Map(),
  }
  for (const token of filterTokens(text)) takeToken(draft, token, text, now)
  takeWords(draft, text)
  takeStates(draft)
  takeLimitKey(draft)
  checkQuery(draft)
  const { filter, order, hidden, unknown } = draft
  const sorted = unknown.toSorted((a, b) => a.start - b.start)
  return { filter, ...(order === undefined ? {} : { order }), hidden, unknown: sorted }
}

/** Whether the store finds exactly the runs that the text describes: only then may an action be for all of them. */
export function isWhole({ hidden, unknown }: Pick<ParsedFilter, 'hidden' | 'unknown'>): boolean {
  return hidden.length === 0 && unknown.length === 0
}

/** Returns whether a run that the store found is hidden in the list. */
export function isHidden(run: Run, hidden: readonly HiddenRuns[]): boolean {
  return hidden.some((filter) => {
    const { job, queue, fingerprint, worker } = filter
    return (
      (job === undefined || run.job === job) &&
      (queue === undefined || run.queue === queue) &&
      (fingerprint === undefined || ('fingerprint' in run && run.fingerprint === fingerprint)) &&
      (worker === undefined || ('worker' in run && run.worker === worker)) &&
      matchesRecord(run, { filter })
    )
  })
}

function takeToken(draft: Draft, token: FilterToken, text: string, now: number): void {
  if (token.key === undefined) {
    takeWord(draft, token)
    return
  }
  const key = findFilterKey(token.key)
  const read = key === undefined ? unknownKey(token, text) : readPart(key, token, now)
  if ('problem' in read) addProblem(draft, token, read.problem)
  else if (token.negated) takeNegated(draft, token, read)
  else takeSets(draft, token, read)
}

function takeWord(draft: Draft, token: FilterToken): void {
  if (token.value === '') return
  if (token.negated) draft.hidden.push({ text: token.value })
  else draft.words.push(token)
}

function unknownKey({ start, end, negated, key = '', operator = ':' }: FilterToken, text: string): PartRead {
  const names = filterKeys.map(({ name }) => name)
  const near = closest(key, names)
  const guess = near === undefined ? '' : `did you mean ${near}${operator}? `
  const written = text.slice(negated ? start + 1 : start, end).replaceAll('"', '')
  const problem = `'${key}' is not a part of a filter; ${guess}there are ${names.join(', ')}`
  return { problem: `${problem}; to search for the text, write it in quotes: "${written}"` }
}

function readPart(
  key: FilterKey,
  { key: written = '', operator = ':', value, valueStart, end }: FilterToken,
  now: number,
): PartRead {
  if (!key.operators.includes(operator)) {
    return {
      problem: `'${written}${operator}' is not how ${key.name} is written; write ${key.operators.map((sign) => `${key.name}${sign}`).join(' or ')}`,
    }
  }
  if (value === '' && !(key.mayBeEmpty && end > valueStart))
    return { problem: `${written}${operator} has no value; write ${key.hint}` }
  return key.read(value, operator, now)
}

type Sets = Extract<PartRead, { sets: unknown }>

function takeSets(draft: Draft, token: FilterToken, { sets }: Sets): void {
  const { order, states, ...fields } = sets
  if (states !== undefined) draft.filter.states = [...(draft.filter.states ?? []), ...states]
  const single = { ...fields, ...(order === undefined ? {} : { order }) }
  for (const [field, value] of Object.entries(single)) {
    const before = draft.setBy.get(field)
    if (before !== undefined && (before.value !== token.value || field === 'since')) {
      addProblem(draft, token, setTwice(field, before))
      continue
    }
    draft.setBy.set(field, token)
    if (order === undefined) Object.assign(draft.filter, { [field]: value })
    else draft.order = order
  }
}

function setTwice(field: string, { key = '', operator = ':', value }: FilterToken): string {
  return twiceText(field === 'since' ? 'a begin (age< or since:)' : `${key}${operator}`, value)
}

function takeNegated(draft: Draft, token: FilterToken, { sets }: Sets): void {
  const { order, states, minAgeMs, since, before, limiter, limitKey, ...hidden } = sets
  if (states !== undefined) {
    for (const state of states) draft.notStates.add(state)
  } else if (order !== undefined) {
    addProblem(draft, token, 'an order has no opposite; leave out the !')
  } else if (limiter !== undefined || limitKey !== undefined) {
    addProblem(draft, token, 'a row does not say which limiters it waits for; leave out the !')
  } else if (minAgeMs !== undefined || since !== undefined || before !== undefined) {
    addProblem(draft, token, 'a time has no !; write age>1h for older ones, age<1h for younger ones')
  } else {
    draft.hidden.push(hidden)
  }
}

/** Words are searched as typed: as one text, a space between two. */
function takeWords(draft: Draft, text: string): void {
  const [first] = draft.words
  if (first === undefined) return
  const reason = draft.setBy.get('text')
  if (reason === undefined) {
    draft.filter.text = draft.words.map(({ value }) => value).join(' ')
    return
  }
  const written = text.slice(reason.start, reason.end)
  addProblem(draft, first, `one text is searched at a time, and ${written} is there already`)
}

const orderedStates: readonly RunState[] = ['ready', 'running', 'waiting', 'cancelling']

function takeStates(draft: Draft): void {
  const { filter, order, notStates } = draft
  const { worker, fingerprint, limiter } = filter
  const isOpen = [worker, fingerprint, limiter].every((part) => part === undefined)
  const all = order === 'longest' && isOpen ? orderedStates : runStates
  const { states = all } = filter
  if (filter.states === undefined && notStates.size === 0 && all === runStates) return
  const left = runStates.filter((state) => states.includes(state) && !notStates.has(state))
  filter.states = left
  if (left.length > 0) return
  draft.unknown.push({ start: 0, message: 'no state is left; take out a !state:' })
}

/** A key alone says nothing. */
function takeLimitKey(draft: Draft): void {
  const part = draft.setBy.get('limitKey')
  if (part === undefined || draft.filter.limiter !== undefined) return
  delete draft.filter.limitKey
  addProblem(draft, part, 'this is a key of a limiter; write limiter:NAME, too')
}

/** An error of the store is a problem of the part that causes it: of the order, as the parts were read. */
function checkQuery(draft: Draft): void {
  const { filter, order } = draft
  try {
    parseRunQuery({ ...filter, ...(order === undefined ? {} : { order }), limit: 1 })
  } catch (error) {
    if (!InvalidOptionsError.is(error)) throw error
    const part = draft.setBy.get('order') ?? { start: 0 }
    draft.unknown.push({ start: part.start, message: error.message.replace(/^runs: /, '') })
    delete draft.order
  }
}

function addProblem(draft: Draft, { start }: Pick<FilterToken, 'start'>, message: string): void {
  draft.unknown.push({ start, message })
}
