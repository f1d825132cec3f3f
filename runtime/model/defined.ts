type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Returns the fields of `fields` that have a value. */
export function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>
}
