import { inspect, types } from 'node:util'

/*
 * Reads thrown values of job code. Code can throw anything, and reading it can run its code: getters, proxy traps,
 * toJSON, toString. Unreadable parts must not change the outcome of the attempt, so nothing here throws.
 */

/** The limit of inner errors that are inspected. */
export const maxErrorsRead = 10_000

/** Returns a property of any value; undefined if it doesn't exist or can't be read. */
export function readProperty(value: unknown, key: string): unknown {
  const found = tryReading(value, key)
  return found === 'unreadable' ? undefined : found.value
}

/** Returns whether it is an Error, of this realm or another. */
export function isError(value: unknown): boolean {
  return types.isNativeError(value) || inheritsFromError(value)
}

/** Returns whether it is an Error, or has the message and the stack of one. */
export function isErrorLike(thrown: unknown): boolean {
  if (typeof thrown !== 'object' || thrown === null) return false
  return isError(thrown) || looksLikeError(thrown)
}

/** Returns whether it is an Error of this realm that its receiver can read. */
export function isReadableError(thrown: unknown): thrown is Error {
  if (!inheritsFromError(thrown)) return false
  return ['name', 'message', 'stack'].every((key) => typeof readProperty(thrown, key) === 'string')
}

/** Returns an error's name; `Error` if it has none that can be read. */
export function nameOf(error: unknown): string {
  const name = readProperty(error, 'name')
  if (typeof name === 'string') return name
  return typeof name === 'symbol' || typeof name === 'number' ? String(name) : 'Error'
}

/** Returns the message of an error, or any other thrown value as text. */
export function messageOf(thrown: unknown): string {
  if (!isErrorLike(thrown)) return describeValue(thrown)
  const found = tryReading(thrown, 'message')
  if (found === 'unreadable') return '(its message can’t be read)'
  return found.value === undefined ? '' : describeValue(found.value)
}

/**
 * Returns the message, with the first inner reasons of an AggregateError, whose own message only says that all failed.
 */
export function reasonOf(thrown: unknown): string {
  const inner = innerErrors(thrown, maxErrorsRead) ?? []
  if (inner.length === 0) return messageOf(thrown)
  const shown = inner.slice(0, maxReasonsShown).map((error) => shortened(messageOf(error)))
  const rest = inner.length > shown.length ? [`${inner.length - shown.length} more`] : []
  return `${messageOf(thrown) || nameOf(thrown)} (${[...shown, ...rest].join('; ')})`
}

/**
 * Returns the first `max` errors that an error carries side by side, or undefined for a kind that carries none:
 * those of an AggregateError, the two of a SuppressedError.
 */
export function innerErrors(thrown: unknown, max: number): readonly unknown[] | undefined {
  if (!isErrorLike(thrown)) return undefined
  if (isOfKind(thrown, 'AggregateError')) return firstItems(readProperty(thrown, 'errors'), max)
  if (isOfKind(thrown, 'SuppressedError'))
    return [readProperty(thrown, 'error'), readProperty(thrown, 'suppressed')]
  return undefined
}

/** Returns its cause and its inner errors, at most `max`. */
export function partsOf(thrown: unknown, max: number): readonly unknown[] {
  if (!isErrorLike(thrown)) return []
  const cause = readProperty(thrown, 'cause')
  return [...(cause === undefined ? [] : [cause]), ...(innerErrors(thrown, max) ?? [])]
}

const maxReasonsShown = 3
const maxReasonLength = 300
/** `inspect` shows larger values, and leaves out the rest. */
const maxJsonValues = 1_000
const maxTextLength = 20_000

/** Returns any value as text: text unchanged, plain data as JSON, the rest as Node shows it. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'bigint':
      return `${value}n`
    case 'object':
    case 'function':
      return value === null ? 'null' : describeObject(value)
    default:
      return String(value)
  }
}

/** Returns what an author's function returned as text. No code waits for a promise: its failure must not end the process. */
export function returnedText(value: unknown): string {
  if (!(value instanceof Promise)) return typeof value === 'string' ? `'${value}'` : describeValue(value)
  value.catch(() => undefined)
  return 'a promise'
}

function describeObject(value: object): string {
  for (const describe of [jsonText, shownText, plainlyShownText]) {
    try {
      const text = describe(value)
      if (text !== undefined) return text
    } catch {
      // The next variant runs less of the value's own code.
    }
  }
  return 'an object that can’t be read'
}

/** Returns the JSON of plain data; undefined for values that JSON would show as `{}` or omit. */
function jsonText(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  const plain =
    Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype as object) === null
  if (typeof value === 'function' || !plain) return undefined
  let values = 0
  return JSON.stringify(value, (_key, field: unknown) => {
    if (++values > maxJsonValues) throw new RangeError('too many values')
    if (typeof field === 'bigint') return `${field}n`
    return typeof field === 'string' ? field.slice(0, maxTextLength) : field
  })
}

const shownShape = { depth: 4, maxArrayLength: 50, maxStringLength: 4_096, breakLength: Infinity } as const

function shownText(value: object): string {
  return inspect(value, shownShape)
}

/** Ignores the value's own `util.inspect.custom`. */
function plainlyShownText(value: object): string {
  return inspect(value, { ...shownShape, customInspect: false })
}

function tryReading(value: unknown, key: string): { readonly value: unknown } | 'unreadable' {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return { value: undefined }
  try {
    return { value: Reflect.get(value, key) }
  } catch {
    return 'unreadable'
  }
}

function inheritsFromError(value: unknown): boolean {
  try {
    return value instanceof Error
  } catch {
    return false
  }
}

function looksLikeError(value: object): boolean {
  return (
    typeof readProperty(value, 'message') === 'string' && typeof readProperty(value, 'stack') === 'string'
  )
}

/**
 * Decides by the names in its prototype chain: another realm has its own classes, older Node has no SuppressedError.
 */
function isOfKind(error: unknown, kind: string): boolean {
  if (readProperty(error, 'name') === kind) return true
  try {
    let link: unknown = error
    for (let i = 0; i < maxPrototypes && link !== null; i++) {
      if (readProperty(readProperty(link, 'constructor'), 'name') === kind) return true
      link = Object.getPrototypeOf(link)
    }
  } catch {
    // A proxy that throws when its prototype is read.
  }
  return false
}

const maxPrototypes = 20

/** Returns as many items of a list or another iterable as can be read. */
function firstItems(list: unknown, max: number): readonly unknown[] {
  const items: unknown[] = []
  try {
    if (Array.isArray(list)) {
      const length = Math.min(list.length, max)
      for (let i = 0; i < length; i++) items.push(readProperty(list, String(i)))
    } else if (typeof list === 'object' && list !== null && Symbol.iterator in list) {
      for (const item of list as Iterable<unknown>) {
        items.push(item)
        if (items.length >= max) break
      }
    }
  } catch {
    // The items read so far are kept.
  }
  return items
}

/** On one line, and of limited length. */
function shortened(text: string): string {
  const line = text.slice(0, 2 * maxReasonLength).replace(/\s*\n\s*/g, ' ')
  return line.length <= maxReasonLength ? line : `${line.slice(0, maxReasonLength)}…`
}
