import { Packr, RESERVE_START_SPACE } from 'msgpackr'
import { SerializationError } from './errors.ts'
import { fromStoredError, type StoredError, toStoredError } from './stored-error.ts'
import { isError } from './thrown.ts'

/*
 * The only code that turns job values into bytes and back: msgpackr behind one header byte.
 * C1  A decoded value equals the encoded one: Date, Map, Set, BigInt, RegExp, binary types, Error and undefined keep
 * their type. Values that can't (functions, class instances, promises, cycles) are refused by path, and so are values
 * that can't be read: a getter that throws, a revoked proxy.
 * The exceptions are the list under G2 in docs/guarantees.md; test/unit/model/value-fates.ts has each of them.
 * C2  The header byte names the format, so that a later format (encryption) can be added.
 */

const plainFormat = 1
/** Like plain values, and errors inside are stored as `{ [errorKey]: StoredError }`. */
const errorsFormat = 2
const errorKey = '\u0000error'
/** Reserves one byte for the header. */
const reserveHeader = RESERVE_START_SPACE + 1
const afterHeader = { start: 1 }
const deepest = 200

/** Default limit of an encoded value: 1 MiB. */
export const defaultMaxValueBytes: number = 1024 * 1024

const packr = new Packr({
  ...{ useRecords: true, moreTypes: true, mapsAsObjects: false, useBigIntExtension: true },
  // A field with this name is data.
  useToJSON: false,
})

/**
 * Encodes `value` as bytes. `name` is how the error calls the value, such as `result of step 'a'`.
 * @throws SerializationError naming the path inside the value that can't be stored, or the size.
 */
export function encodeValue(
  value: unknown,
  name: string,
  maxBytes: number = defaultMaxValueBytes,
): Uint8Array {
  const found = { errors: false }
  let bytes: Uint8Array
  try {
    bytes = packr.pack(replaceErrors(value, name, [], found), reserveHeader)
  } catch (cause) {
    throw unreadable(name, cause)
  }
  if (bytes.length > maxBytes) {
    throw new SerializationError(
      name,
      `${bytes.length} bytes is over the limit of ${maxBytes} (maxValueBytes); store it elsewhere and return a reference`,
    )
  }
  bytes[0] = found.errors ? errorsFormat : plainFormat
  return bytes
}

/** Encodes an error. `toStoredError` bounds its size, so that no author's limit can refuse it. */
export function encodeError(error: StoredError): Uint8Array {
  return encodeValue(error, 'error', Number.POSITIVE_INFINITY)
}

/** @throws SerializationError when the bytes have an unknown format or are damaged. */
export function decodeValue(bytes: Uint8Array, name: string): unknown {
  const format = bytes[0]
  if (format !== plainFormat && format !== errorsFormat) {
    throw new SerializationError(
      name,
      `stored in format ${format}, which this version of durable-jobs can't read`,
    )
  }
  try {
    const value: unknown = packr.unpack(bytes, afterHeader)
    return format === errorsFormat ? reviveErrors(value) : value
  } catch (cause) {
    throw new SerializationError(name, 'the stored bytes are damaged', { cause })
  }
}

/**
 * Refuses the values that `encodeValue` refuses, of any size.
 * @throws SerializationError
 */
export function checkStorable(value: unknown, name: string): void {
  try {
    replaceErrors(value, name, [], { errors: false })
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

/** The author's getters and proxies run while a value is read; what they throw refuses the value. */
function unreadable(path: string, cause: unknown): SerializationError {
  if (cause instanceof SerializationError) return cause
  return new SerializationError(path, `reading it threw: ${toStoredError(cause).message}`, { cause })
}

/** Returns `value` itself, or a copy in which each Error is a marked record. Refuses what violates C1. */
function replaceErrors(value: unknown, path: string, parents: object[], found: { errors: boolean }): unknown {
  switch (typeof value) {
    case 'function':
    case 'symbol':
      throw new SerializationError(path, `a ${typeof value} can't be stored`)
    case 'object':
      if (value === null) return value
      if (isLeaf(value)) return ofItsOwnClass(value, path)
      break
    default:
      return value
  }
  if (value instanceof Error) return markedError(value, found)
  if (parents.includes(value))
    throw new SerializationError(path, 'a value that contains itself can’t be stored')
  if (parents.length >= deepest) throw new SerializationError(path, `nested deeper than ${deepest} levels`)
  parents.push(value)
  const storable = replaceInside(value, path, parents, found)
  parents.pop()
  return storable
}

function replaceInside(value: object, path: string, parents: object[], found: { errors: boolean }): unknown {
  const visit = (child: unknown, at: string): unknown => {
    const place = `${path}${at}`
    try {
      return replaceErrors(child, place, parents, found)
    } catch (cause) {
      throw unreadable(place, cause)
    }
  }
  if (Array.isArray(value)) return replaceItems(ofItsOwnClass(value, path), visit)
  if (value instanceof Map) {
    ofItsOwnClass(value, path)
    const pairs = [...value].map(
      ([k, v], i) => [visit(wholeKey(k, path), `.keys()[${i}]`), visit(v, `.get(${show(k)})`)] as const,
    )
    return new Map(pairs)
  }
  if (value instanceof Set) {
    return new Set(
      [...ofItsOwnClass(value, path)].map((item, i) => visit(wholeKey(item, path), `.values()[${i}]`)),
    )
  }
  if (isPlainObject(value)) {
    refuseFields(value, path)
    return replaceFields(value, path, visit)
  }
  // An error of another realm.
  if (isError(value)) return markedError(value, found)
  throw new SerializationError(path, refusal(value))
}

function markedError(error: unknown, found: { errors: boolean }): unknown {
  found.errors = true
  return { [errorKey]: toStoredError(error) }
}

function replaceItems(items: readonly unknown[], visit: (child: unknown, at: string) => unknown): unknown {
  let copy: unknown[] | undefined
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (isScalar(item)) continue
    const storable = visit(item, `[${i}]`)
    if (storable !== item) copy = Object.assign(copy ?? [...items], { [i]: storable })
  }
  return copy ?? items
}

function replaceFields(
  record: Readonly<Record<string, unknown>>,
  path: string,
  visit: (child: unknown, at: string) => unknown,
): unknown {
  let copy: Record<string, unknown> | undefined
  for (const key in record) {
    if (!Object.hasOwn(record, key)) continue
    if (!key.isWellFormed()) refuseKey(key, path)
    const field = readField(record, key, path)
    if (isScalar(field)) continue
    const storable = visit(field, `.${key}`)
    if (storable !== field) {
      copy ??= { ...record }
      copy[key] = storable
    }
  }
  return copy ?? record
}

function readField(record: Readonly<Record<string, unknown>>, key: string, path: string): unknown {
  try {
    return record[key]
  } catch (cause) {
    throw unreadable(`${path}.${key}`, cause)
  }
}

/** A key cut inside a character would be read back as another key, and two such keys as one. */
function wholeKey(key: unknown, path: string): unknown {
  return typeof key === 'string' && !key.isWellFormed() ? refuseKey(key, path) : key
}

function refuseKey(key: string, path: string): never {
  const problem = `the key ${JSON.stringify(key)} contains half a character (a lone surrogate)`
  throw new SerializationError(
    path,
    `${problem} and would be read back as another key; cut text between characters`,
  )
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value == null
}

function isLeaf(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer
  )
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

/** Compares by name, since a value of another realm has other prototypes. */
const ownClasses = new Set([
  ...['Date', 'RegExp', 'Array', 'Map', 'Set', 'ArrayBuffer', 'DataView', 'Buffer'],
  ...[
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
  ],
  ...['Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
])

/** Refuses an instance of a class derived from a built-in one: it would be read back without its class. */
function ofItsOwnClass<T extends object>(value: T, path: string): T {
  if (ownClasses.has(value.constructor?.name)) return value
  throw new SerializationError(path, refusal(value))
}

/** Refuses fields that would be dropped or renamed. */
function refuseFields(record: Readonly<Record<string, unknown>>, path: string): void {
  if (Object.getOwnPropertySymbols(record).length > 0) {
    throw new SerializationError(path, 'a field whose key is a symbol can’t be stored')
  }
  const prototype: unknown = Object.getPrototypeOf(record)
  for (const key in prototype === Object.prototype ? null : (prototype as object | null)) {
    throw new SerializationError(
      `${path}.${key}`,
      "an inherited field can't be stored; make it the object's own",
    )
  }
  for (const key of ['__proto__', errorKey]) {
    if (!Object.hasOwn(record, key)) continue
    throw new SerializationError(path, `a field named ${JSON.stringify(key)} can't be stored; rename it`)
  }
}

function refusal(value: object): string {
  if (value instanceof Promise) return "a promise can't be stored; await it first"
  const name = value.constructor?.name || 'unknown'
  return `an instance of ${name} can't be stored, as it would be read back without its class; make it a plain object`
}

function show(key: unknown): string {
  return typeof key === 'string' ? `'${key}'` : String(key)
}

function reviveErrors(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isLeaf(value)) return value
  if (Array.isArray(value)) return value.map(reviveErrors)
  if (value instanceof Map) return new Map([...value].map(([k, v]) => [reviveErrors(k), reviveErrors(v)]))
  if (value instanceof Set) return new Set([...value].map(reviveErrors))
  if (errorKey in value) return fromStoredError(value[errorKey] as StoredError)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, reviveErrors(field)]))
}
