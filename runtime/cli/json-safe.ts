import { toStoredError } from '../model/stored-error.ts'

/**
 * Converts `value` for JSON.stringify, so that any program can read stored values. Types that JSON lacks become the
 * nearest form: Date an ISO string, bigint its digits, Map pairs, Set a list, bytes base64, Error its fields.
 */
export function jsonSafe(value: unknown): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'object':
      return value === null ? null : fromObject(value)
    default:
      return value
  }
}

function fromObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(jsonSafe)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof RegExp) return String(value)
  if (value instanceof Map) return [...value].map(([key, item]) => [jsonSafe(key), jsonSafe(item)])
  if (value instanceof Set) return [...value].map(jsonSafe)
  if (value instanceof Error) return toStoredError(value)
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64')
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, jsonSafe(field)]))
}
