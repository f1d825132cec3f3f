/**
 * Gives a promise that the runtime hands out a handler of the runtime's own. A rejection then reaches every `await` of it,
 * also a late one, but is never an unhandled one: Node would end the process, with all other runs in it.
 * `onRejected` must not throw.
 */
export function handled<T>(promise: Promise<T>, onRejected: (error: unknown) => void = ignore): Promise<T> {
  promise.catch(onRejected)
  return promise
}

function ignore(): void {}
