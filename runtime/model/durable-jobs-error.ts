/** Base of every error of this package: a literal `code`, a `cause`, a message that says what to do next. */
export abstract class DurableJobsError extends Error {
  abstract readonly code: string
}
