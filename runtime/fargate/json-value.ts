/** Returns whether `value` is an object whose fields can be read by name. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Returns the objects of the list that a field of `value` holds. */
export function recordsIn(value: unknown, field: string): readonly Readonly<Record<string, unknown>>[] {
  const list: unknown = isRecord(value) ? value[field] : undefined
  return Array.isArray(list) ? list.filter(isRecord) : []
}

/** Returns non-empty text; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Returns the time of a Date, as the SDK parses times; undefined for anything else. */
export function timeOf(value: unknown): number | undefined {
  return value instanceof Date ? value.getTime() : undefined
}
