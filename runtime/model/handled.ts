/**
 * Attaches the runtime's own handler to a promise that the runtime hands out. A rejection then reaches every `await` of
 * it, even a late one, but is never unhandled: Node would end the process, with all other runs in it.
 * `onRejected` must not throw.
 */
export function handled<T>(promise: Promise<T>, onRejected: (error: unknown) => void = ignore): Promise<T> {
  promise.catch(onRejected)
  return promise
}

function ignore(): void {}
