import { UnknownRunError } from '../model/errors.ts'

/** Adds the store's address to "no such run": usually the id is right and the store is the wrong one. */
export async function namingStore<T>(
  { address }: { readonly address: string },
  call: Promise<T>,
): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw UnknownRunError.is(error) ? new UnknownRunError(error.runId, address) : error
  }
}
