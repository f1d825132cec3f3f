import { isDeepStrictEqual } from 'node:util'
import { valueLines } from './value-lines.ts'
import { headText, partsOf, previewText, type ValuePart } from './value-parts.ts'

/** A line of what is the same in two values, or only in the first, or only in the second. */
export interface DiffLine {
  readonly change: 'same' | 'removed' | 'added'
  readonly path: string
  readonly depth: number
  /** Without its indent and without a sign for the change. */
  readonly text: string
}

const previewRoom = 80

/**
 * Returns how a value became another one. Parts of both are compared one by one, and equal parts take one line; items
 * of a list are compared by their index, after the equal ones at its begin and at its end.
 */
export function valueDiff(before: unknown, after: unknown): DiffLine[] {
  return diffParts({ label: '', step: '', value: before }, { label: '', step: '', value: after }, '', 0)
}

function diffParts(
  before: ValuePart | undefined,
  after: ValuePart | undefined,
  at: string,
  depth: number,
): DiffLine[] {
  const part = after ?? before
  if (part === undefined) return []
  const path = at + part.step
  const labelled = (text: string): string => (part.label === '' ? text : `${part.label} ${text}`)
  if (before === undefined || after === undefined) {
    return wholeLines(part, path, depth, before === undefined ? 'added' : 'removed')
  }
  if (isDeepStrictEqual(before.value, after.value)) {
    return [{ change: 'same', path, depth, text: labelled(previewText(after.value, previewRoom)) }]
  }
  const pairs = pairParts(before.value, after.value)
  if (pairs === undefined) {
    return [...wholeLines(before, path, depth, 'removed'), ...wholeLines(after, path, depth, 'added')]
  }
  const head = { change: 'same', path, depth, text: labelled(headText(after.value)) } as const
  return [head, ...pairs.flatMap(([one, other]) => diffParts(one, other, path, depth + 1))]
}

/** Of what is only in one of them, all of it. */
function wholeLines(part: ValuePart, path: string, depth: number, change: DiffLine['change']): DiffLine[] {
  return valueLines(part.value).map((line, i) => ({
    change,
    path: path + line.path,
    depth: depth + line.depth,
    text: i === 0 && part.label !== '' ? `${part.label} ${line.text}` : line.text,
  }))
}

type Pair = readonly [ValuePart | undefined, ValuePart | undefined]

/** The parts of two values of one kind side by side; undefined where they are of two kinds, or hold no parts. */
function pairParts(before: unknown, after: unknown): Pair[] | undefined {
  const [olds, news] = [partsOf(before), partsOf(after)]
  if (olds === undefined || news === undefined || kindOf(before) !== kindOf(after)) return undefined
  const isList = Array.isArray(after) || after instanceof Set || ArrayBuffer.isView(after)
  return isList ? pairItems(olds, news) : pairByLabel(olds, news)
}

function kindOf(value: unknown): unknown {
  return Object.getPrototypeOf(value)?.constructor?.name ?? 'Object'
}

function pairByLabel(olds: readonly ValuePart[], news: readonly ValuePart[]): Pair[] {
  const byLabel = new Map(news.map((part) => [part.label, part]))
  const had = new Set(olds.map(({ label }) => label))
  return [
    ...olds.map((part): Pair => [part, byLabel.get(part.label)]),
    ...news.filter(({ label }) => !had.has(label)).map((part): Pair => [undefined, part]),
  ]
}

function pairItems(olds: readonly ValuePart[], news: readonly ValuePart[]): Pair[] {
  const shorter = Math.min(olds.length, news.length)
  let start = 0
  while (start < shorter && isSame(olds[start], news[start])) start++
  let end = 0
  while (end < shorter - start && isSame(olds.at(-1 - end), news.at(-1 - end))) end++
  const [oldEnd, newEnd] = [olds.length - end, news.length - end]
  const between = Math.max(oldEnd, newEnd) - start
  const middle = Array.from({ length: between }, (_, i): Pair => {
    const at = start + i
    return [at < oldEnd ? olds[at] : undefined, at < newEnd ? news[at] : undefined]
  })
  return [
    ...news.slice(0, start).map((part, i): Pair => [olds[i], part]),
    ...middle,
    ...news.slice(newEnd).map((part, i): Pair => [olds[oldEnd + i], part]),
  ]
}

function isSame(before: ValuePart | undefined, after: ValuePart | undefined): boolean {
  return isDeepStrictEqual(before?.value, after?.value)
}
