/** Returns a promise of its own that never settles: a shared one would keep every waiter in memory. */
export function forever(): Promise<never> {
  return new Promise(() => undefined)
}
