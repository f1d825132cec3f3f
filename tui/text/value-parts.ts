import { toStoredError } from '../../runtime/model/stored-error.ts'
import { isError } from '../../runtime/model/thrown.ts'
import { bytesIn, hexPreview } from './byte-text.ts'
import { escapedText, quotedText } from './quoted-text.ts'

/** What a value holds inside. */
export interface ValuePart {
  /** Before the value: `name:`, `3:`, `"a b" =>`; '' where it has none. */
  readonly label: string
  /** To name it inside the whole: `.name`, `[3]`. */
  readonly step: string
  readonly value: unknown
}

/**
 * Returns the content of a value, its first `most` parts; undefined for a value of a kind without content. Bytes are
 * one item.
 */
export function partsOf(
  value: unknown,
  most: number = Number.POSITIVE_INFINITY,
): readonly ValuePart[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Date || value instanceof RegExp || bytesIn(value) !== undefined) return undefined
  if (Array.isArray(value)) return Array.from(value.slice(0, most), itemPart)
  if (ArrayBuffer.isView(value)) {
    return Array.from({ length: Math.min(most, sizeOf(value)) }, (_, i) => itemPart(Reflect.get(value, i), i))
  }
  if (value instanceof Map) return firstOf(value, most).map(mapPart)
  if (value instanceof Set) return firstOf(value, most).map(setPart)
  if (isError(value)) return errorParts(value)
  return Object.keys(value)
    .slice(0, most)
    .map((key) => ({ label: `${keyText(key)}:`, step: `.${keyText(key)}`, value: Reflect.get(value, key) }))
}

function firstOf<T>(items: Iterable<T>, most: number): T[] {
  const first: T[] = []
  for (const item of items) {
    if (first.length >= most) break
    first.push(item)
  }
  return first
}

/** How many parts an object holds. */
function sizeOf(value: object): number {
  if (Array.isArray(value)) return value.length
  if (value instanceof Map || value instanceof Set) return value.size
  return ArrayBuffer.isView(value) && 'length' in value ? Number(value.length) : Object.keys(value).length
}

function itemPart(value: unknown, i: number): ValuePart {
  return { label: `${i}:`, step: `[${i}]`, value }
}

function setPart(value: unknown, i: number): ValuePart {
  return { label: '', step: `[${i}]`, value }
}

function mapPart([key, value]: [unknown, unknown], i: number): ValuePart {
  return { label: `${previewText(key, 40)} =>`, step: `[${i}]`, value }
}

/** Its name and message stand in its head. */
function errorParts(error: unknown): ValuePart[] {
  const { name: _, message: __, fields = {}, ...rest } = toStoredError(error)
  return Object.entries({ ...rest, ...fields }).map(([key, field]) => ({
    label: `${keyText(key)}:`,
    step: `.${keyText(key)}`,
    // An inner error is plain data by now.
    value: key === 'cause' || key === 'errors' ? (error as Record<string, unknown>)[key] : field,
  }))
}

function keyText(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : quotedText(key)
}

/** Returns a value on one line, without its content: `"text"`, `Map(2)`, `Date 2026-01-01T00:00:00.000Z`. */
export function headText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quotedText(value)
    case 'bigint':
      return `${value}n`
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'object':
      return value === null ? 'null' : objectHead(value)
    case 'function':
    case 'symbol':
      return typeof value
    default:
      return String(value)
  }
}

function objectHead(value: object): string {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Date (invalid)' : `Date ${value.toISOString()}`
  }
  if (value instanceof RegExp) return escapedText(String(value))
  const bytes = bytesIn(value)
  if (bytes !== undefined) return bytesHead(value, bytes)
  if (isError(value)) return errorHead(value)
  const size = sizeOf(value)
  if (Array.isArray(value)) return `[${size}]`
  const name =
    value instanceof Map || value instanceof Set || ArrayBuffer.isView(value) ? value.constructor.name : ''
  return name === '' ? `{${size}}` : `${name}(${size})`
}

function bytesHead({ constructor: { name } }: object, bytes: Uint8Array): string {
  const text = `${name}(${bytes.length.toLocaleString('en')})`
  return bytes.length === 0 ? text : `${text} ${hexPreview(bytes)}`
}

function errorHead(error: unknown): string {
  const { name, message } = toStoredError(error)
  return escapedText(message === '' ? name : `${name}: ${message}`)
}

const previewDepth = 2
/** A preview has no room for more. */
const previewedParts = 40

/** Returns a value in about so many characters, with what it holds as far as there is room. */
export function previewText(value: unknown, room: number, depth: number = previewDepth): string {
  if (typeof value === 'string') return cut(headText(value.slice(0, room + 1)), room)
  const parts = partsOf(value, previewedParts)
  if (parts === undefined || isError(value)) return cut(headText(value), room)
  const [open, close] = bracketsOf(value)
  if (parts.length === 0) return open + close
  if (depth === 0 || room < 10) return headText(value)
  const texts: string[] = []
  let used = open.length + close.length + 2
  for (const { label, value: inner } of parts) {
    const shown = Array.isArray(value) || label === '' ? '' : `${label} `
    const text = shown + previewText(inner, Math.max(8, room - used - shown.length), depth - 1)
    used += text.length + 2
    if (used > room && texts.length > 0) return `${open} ${texts.join(', ')}, … ${close}`
    texts.push(text)
  }
  return `${open} ${texts.join(', ')} ${close}`
}

function bracketsOf(value: unknown): readonly [string, string] {
  if (Array.isArray(value)) return ['[', ']']
  const isNamed = value instanceof Map || value instanceof Set || ArrayBuffer.isView(value)
  return isNamed ? [`${headText(value)} {`, '}'] : ['{', '}']
}

/** Between characters, however they are stored. */
function cut(text: string, room: number): string {
  if (text.length <= room) return text
  return `${text.slice(0, room - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
