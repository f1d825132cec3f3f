import { createHash } from 'node:crypto'
import { Packr } from 'msgpackr'
import { isPlainObject } from './codec.ts'
import { type StoredError, toStoredError } from './stored-error.ts'
import { isError } from './thrown.ts'

/*
 * Digests of values, by which stores decide whether two inputs are equal: SHA-256 over the msgpack of an arrangement of
 * the value, in hex. Fields of objects are sorted in each arrangement.
 * I1  The written arrangement keeps the author's order: Sets and Maps in order of insertion, fields that are undefined,
 * Buffers apart from Uint8Arrays. Releases before the canonical one know only this digest.
 * I2  The canonical arrangement is the same for all equal values: Sets and Maps sorted, undefined fields left out, a
 * Buffer as its bytes, an Error without its stack. If a value is arranged so already, both digests are one text. So a
 * store that compares both forms agrees with earlier releases on every value they compare.
 * I3  Both are of version 1, whose text has no mark, as earlier releases recognize no other. Another algorithm,
 * arrangement or encoding is another version: its text begins with the number and a colon, and stores keep comparing
 * the texts of version 1 as well. The pinned digests of the tests show when a change needs one.
 * I4  Each value is packed once, however deep Sets and Maps are nested in each other.
 */

/** The options are part of version 1 (I3). */
const packr = new Packr({ useRecords: true, moreTypes: true, mapsAsObjects: false, useBigIntExtension: true })

/** The two digests of a value; `canonical` is left out if it's the same text. */
export interface Digests {
  readonly written: string
  readonly canonical?: string
}

/**
 * Digests a value that `encodeValue` has accepted, so its depth is bounded and it contains no cycle.
 * Two values are equal if they have a digest in common.
 */
export function digestsOf(value: unknown): Digests {
  const canonical = new Arrangement('canonical')
  const digest = hash(canonical.of(value))
  if (!canonical.differs) return { written: digest }
  return { written: writtenDigest(value), canonical: digest }
}

/** Digests the written arrangement only, which every release knows (I1). */
export function writtenDigest(value: unknown): string {
  return hash(new Arrangement('written').of(value))
}

function hash(arranged: unknown): string {
  return createHash('sha256').update(packr.pack(arranged)).digest('hex')
}

/** Turns a value into nested lists, each with the name of its type in front. */
class Arrangement {
  /** Whether a part was arranged differently from how it was written. */
  differs = false
  readonly #canonical: boolean
  /** Replaces a sorted collection if the one around it is sorted (I4). */
  readonly #digests = new Map<unknown, Uint8Array>()

  constructor(form: keyof Digests) {
    this.#canonical = form === 'canonical'
  }

  of(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return this.#list('list', value)
    if (value instanceof Map) return this.#collection('map', [...value])
    if (value instanceof Set) return this.#collection('set', [...value])
    if (value instanceof Error) return this.#error(value)
    if (isPlainObject(value)) return this.#fields('object', value)
    // An error of another realm.
    if (isError(value)) return this.#error(value)
    return Buffer.isBuffer(value) ? this.#bytes(value) : value
  }

  #list(type: string, items: readonly unknown[]): unknown[] {
    const list: unknown[] = [type]
    // By index, so that a hole counts as an item too.
    for (let i = 0; i < items.length; i++) list.push(this.of(items[i]))
    return list
  }

  #fields(type: string, record: Readonly<Record<string, unknown>>): unknown[] {
    const list: unknown[] = [type]
    for (const key of Object.keys(record).sort()) {
      const field = record[key]
      if (field === undefined && this.#canonical) this.differs = true
      else list.push([key, this.of(field)])
    }
    return list
  }

  #collection(type: string, entries: readonly unknown[]): unknown[] {
    const list = this.#list(type, entries)
    return this.#canonical && entries.length > 1 ? this.#sorted(list) : list
  }

  /** Sorts by the bytes of the entries; the first item is the type. */
  #sorted([type, ...entries]: readonly unknown[]): unknown[] {
    const keyed = entries.map((entry, place) => ({ entry, place, key: this.#sortKey(entry) }))
    keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    if (keyed.some(({ place }, i) => place !== i)) this.differs = true
    const list = [type, ...keyed.map(({ entry }) => entry)]
    const keys = keyed.map(({ key }) => key).join('')
    this.#digests.set(list, createHash('sha256').update(keys, 'latin1').digest())
    return list
  }

  /** One character per byte: texts compare faster than bytes. */
  #sortKey(arranged: unknown): string {
    return packr.pack(this.#shortened(arranged)).toString('latin1')
  }

  #shortened(arranged: unknown): unknown {
    if (this.#digests.size === 0 || !Array.isArray(arranged)) return arranged
    return this.#digests.get(arranged) ?? arranged.map((part) => this.#shortened(part))
  }

  #error(error: unknown): unknown {
    const stored = withoutStatus(toStoredError(error))
    if (!this.#canonical) return this.#fields('object', { ...stored, stack: undefined })
    this.differs = true
    return this.#fields('error', withoutStack(stored))
  }

  #bytes(buffer: Buffer): Uint8Array {
    if (!this.#canonical) return buffer
    this.differs = true
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
  }
}

/** A restored error has no status, and earlier releases know none (I3). */
function withoutStatus({ status: _, ...stored }: StoredError): StoredError {
  const { cause, errors } = stored
  return {
    ...stored,
    ...(cause === undefined ? {} : { cause: withoutStatus(cause) }),
    ...(errors === undefined ? {} : { errors: errors.map(withoutStatus) }),
  }
}

/** The stack says where an error was created, which is not part of its meaning. */
function withoutStack({ stack: _, cause, errors, ...rest }: StoredError): Record<string, unknown> {
  return { ...rest, cause: cause && withoutStack(cause), errors: errors?.map(withoutStack) }
}
