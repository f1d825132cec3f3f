type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Returns the fields of `options` that have a value. */
export function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>
}
