import type { StoredError } from './stored-error.ts'

/** Causes that are followed behind our own errors. Fewer than are stored, so that our own change nothing. */
const maxCauses = 4

/** Returns the origin of an error: behind our own wrappers, then down the causes as long as they are errors. */
export function innermostCause(error: StoredError): StoredError {
  let cause = error
  while (isWrapper(cause) && cause.cause !== undefined) cause = cause.cause
  for (let i = 0; i < maxCauses; i++) {
    const next = cause.cause ?? innerError(cause)
    if (next === undefined || next.name === 'NonError') break
    cause = next
  }
  return cause
}

/**
 * Uses the first error of an AggregateError without a message of its own, like Node's for a host with several
 * addresses.
 */
function innerError({ message, errors = [] }: StoredError): StoredError | undefined {
  return message === '' ? errors[0] : undefined
}

/** Errors of this package that only pass on another one. */
const wrapperCodes: readonly unknown[] = ['STEP_FAILED', 'RUN_FAILED']

function isWrapper({ fields, classCode, code }: StoredError): boolean {
  return fields !== undefined && wrapperCodes.includes(classCode ?? code)
}
