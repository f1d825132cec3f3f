/** Returns a new promise that never settles: a shared one would keep every waiter in memory. */
export function forever(): Promise<never> {
  return new Promise(() => undefined)
}
