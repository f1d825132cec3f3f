import { DurableJobsError } from './durable-jobs-error.ts'
import * as packageErrors from './errors.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { RateLimitedError } from './rate-limited-error.ts'
import { RetryAfterError } from './retry-after-error.ts'
import { ScheduleStateError, UnknownScheduleError } from './schedule-errors.ts'
import { innerErrors, isErrorLike, messageOf, nameOf, readProperty } from './thrown.ts'

/*
 * Errors as they are stored.
 * T1  Any thrown value is stored: reading it never throws, and unreadable parts are left out.
 * T2  The size is bounded: 100 errors, the outermost first, and their total text (see `limits`).
 * T3  The stored value is plain data that the codec returns unchanged: well-formed text, finite numbers.
 */

/** An error as it is stored: everything a reader needs, nothing that only its process understood. */
export interface StoredError {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  /**
   * Used if it has no code, as in errors of HTTP clients: it distinguishes failures, and a restored error doesn't have
   * it.
   */
  readonly status?: string | number
  /** The code of its class in this package, if its own code is another one. */
  readonly classCode?: string
  /** The fields of an error of this package besides its message, such as a step's path. */
  readonly fields?: Readonly<Record<string, StoredField>>
  readonly stack?: string
  readonly cause?: StoredError
  /** The errors of an AggregateError, the two of a SuppressedError. */
  readonly errors?: readonly StoredError[]
}

type StoredField = string | number | readonly string[]

/** Lengths in characters. */
const limits = {
  /** Levels of causes and inner errors below the outermost error. */
  depth: 8,
  /** Inner errors of one error. */
  inner: 20,
  errors: 100,
  message: 16_384,
  stack: 8_192,
  name: 256,
  status: 64,
  field: 4_096,
  fields: 20,
  /** Total text of all errors, besides the first `least` characters of each message. */
  text: 65_536,
  least: 256,
} as const

/** One error that is to be stored, and its position in the one that carries it. */
interface Pending {
  readonly thrown: unknown
  readonly carriers: readonly unknown[]
  readonly keep: (stored: StoredError) => void
}

type Draft = { -readonly [Key in keyof StoredError]: StoredError[Key] }

/** Returns any thrown value, an Error or not, with its causes and inner errors, as a plain value of bounded size. */
export function toStoredError(thrown: unknown): StoredError {
  const text = new TextBudget()
  const outermost = draftOf(thrown, text)
  const pending = [...carriedBy(thrown, outermost, [])]
  // Level by level, so that the outermost errors are kept when there are too many.
  for (let i = 0; i < pending.length && i < limits.errors - 1; i++) {
    const { thrown: inner, carriers, keep } = pending[i] as Pending
    const draft = draftOf(inner, text)
    keep(draft)
    pending.push(...carriedBy(inner, draft, carriers))
  }
  return outermost
}

/** Returns about how many bytes it takes in a store. */
export function storedErrorBytes({ message, stack = '', cause, errors = [] }: StoredError): number {
  const inner = cause === undefined ? errors : [cause, ...errors]
  return inner.reduce((bytes, error) => bytes + storedErrorBytes(error), 200 + message.length + stack.length)
}

function draftOf(thrown: unknown, text: TextBudget): Draft {
  const message = text.take(messageOf(thrown), limits.message, limits.least)
  if (!isErrorLike(thrown)) return { name: 'NonError', message }
  const draft: Draft = { name: text.take(nameOf(thrown), limits.name, limits.name), message }
  const code = readProperty(thrown, 'code')
  if (typeof code === 'string') draft.code = text.take(code, limits.name, limits.name)
  if (isStorableNumber(code)) draft.code = code
  if (draft.code === undefined) Object.assign(draft, statusOf(thrown))
  if (DurableJobsError.is(thrown)) {
    const classCode = classCodeOf(thrown)
    if (classCode !== undefined && classCode !== draft.code) draft.classCode = classCode
    draft.fields = plainFields(thrown, text)
  }
  const stack = readProperty(thrown, 'stack')
  const kept = typeof stack === 'string' ? text.take(stack, limits.stack) : ''
  if (kept !== '') draft.stack = kept
  return draft
}

function statusOf(thrown: unknown): Pick<StoredError, 'status'> {
  const status = readProperty(thrown, 'status')
  const isStorable =
    isStorableNumber(status) || (typeof status === 'string' && status.length <= limits.status)
  return isStorable ? { status: typeof status === 'string' ? status.toWellFormed() : status } : {}
}

/** Returns the cause and the inner errors of `thrown`, each to be kept in `draft`. */
function carriedBy(thrown: unknown, draft: Draft, above: readonly unknown[]): readonly Pending[] {
  if (!isErrorLike(thrown)) return []
  const carriers = [...above, thrown]
  const inner = innerErrors(thrown, limits.inner)
  const errors: StoredError[] = []
  if (inner !== undefined) draft.errors = errors
  if (above.length >= limits.depth) return []
  const cause = readProperty(thrown, 'cause')
  const carried: Pending[] = (inner ?? []).map((error) => ({
    thrown: error,
    carriers,
    keep: (stored) => void errors.push(stored),
  }))
  if (cause !== undefined) {
    const keep = (stored: StoredError): void => {
      draft.cause = stored
    }
    carried.unshift({ thrown: cause, carriers, keep })
  }
  // A cycle ends there.
  return carried.filter((one) => !carriers.includes(one.thrown))
}

/** T2, T3. */
class TextBudget {
  #left: number = limits.text

  /** Returns the begin of `text`: up to `most` characters of it while the budget lasts, at least `least`. */
  take(text: string, most: number, least = 0): string {
    const length = Math.min(most, Math.max(least, this.#left))
    if (length === 0) return ''
    const kept = text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`
    this.#left = Math.max(0, this.#left - kept.length)
    return kept.toWellFormed()
  }
}

/** Fields that are stored elsewhere, or that the codec refuses as names. */
const notFields: ReadonlySet<string> = new Set(
  ['name', 'code', 'message', 'stack', 'cause', 'errors'].concat('__proto__', '\u0000error'),
)

function plainFields(error: DurableJobsError, text: TextBudget): Record<string, StoredField> {
  const fields: Record<string, StoredField> = {}
  for (const key of keysOf(error)) {
    if (notFields.has(key) || key.length > limits.name || !key.isWellFormed()) continue
    const value = readProperty(error, key)
    if (isStorableNumber(value)) fields[key] = value
    if (typeof value === 'string') fields[key] = text.take(value, limits.field)
    if (isTexts(value))
      fields[key] = value.slice(0, limits.inner).map((item) => text.take(item, limits.field))
  }
  return fields
}

function keysOf(value: object): readonly string[] {
  try {
    return Object.keys(value).slice(0, limits.fields)
  } catch {
    return []
  }
}

function isTexts(value: unknown): value is readonly string[] {
  try {
    return Array.isArray(value) && value.every((item) => typeof item === 'string')
  } catch {
    return false
  }
}

/** A store returns -0 as 0, and JSON has neither NaN nor infinity. */
function isStorableNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)
}

const builtIns: ReadonlyMap<string, ErrorConstructor> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((one) => [
    one.name,
    one as ErrorConstructor,
  ]),
)

interface OwnClass {
  readonly prototype: DurableJobsError
  is(value: unknown): boolean
}

/** The package's classes by code, subclasses first, so that `is` and `instanceof` hold for a stored error too. */
const ownClasses: Readonly<Record<string, OwnClass>> = {
  STEP_UNKNOWN: packageErrors.StepUnknownError,
  ABORTED: packageErrors.AbortedError,
  DUPLICATE_RUN: packageErrors.DuplicateRunError,
  DUPLICATE_STEP: packageErrors.DuplicateStepError,
  FATAL: packageErrors.FatalError,
  INVALID_INPUT: packageErrors.InvalidInputError,
  INVALID_OPTIONS: InvalidOptionsError,
  JOURNAL_FULL: packageErrors.JournalFullError,
  JOURNAL_MISMATCH: packageErrors.JournalMismatchError,
  NESTED_STEP: packageErrors.NestedStepError,
  RATE_LIMITED: RateLimitedError,
  RESULT_TIMEOUT: packageErrors.ResultTimeoutError,
  RETRY_AFTER: RetryAfterError,
  RUN_CANCELLED: packageErrors.RunCancelledError,
  RUN_EXPIRED: packageErrors.RunExpiredError,
  RUN_FAILED: packageErrors.RunFailedError,
  RUN_ID_CONFLICT: packageErrors.RunIdConflictError,
  RUN_POISONED: packageErrors.RunPoisonedError,
  RUN_STATE: packageErrors.RunStateError,
  RUN_TIMEOUT: packageErrors.RunTimeoutError,
  SCHEDULE_STATE: ScheduleStateError,
  SERIALIZATION: packageErrors.SerializationError,
  STALE_WRITE: packageErrors.StaleWriteError,
  STEP_FAILED: packageErrors.StepFailedError,
  STEP_TIMEOUT: packageErrors.StepTimeoutError,
  STORE_FORMAT: packageErrors.StoreFormatError,
  STORE_FULL: packageErrors.StoreFullError,
  STORE_UNAVAILABLE: packageErrors.StoreUnavailableError,
  UNKNOWN_ACTION: packageErrors.UnknownActionError,
  UNKNOWN_JOB: packageErrors.UnknownJobError,
  UNKNOWN_RUN: packageErrors.UnknownRunError,
  UNKNOWN_SCHEDULE: UnknownScheduleError,
}
const ownPrototypes: ReadonlyMap<string | number | undefined, object> = new Map(
  Object.entries(ownClasses).map(([code, { prototype }]) => [code, prototype]),
)

function classCodeOf(error: DurableJobsError): string | undefined {
  return Object.entries(ownClasses).find(([, one]) => one.is(error))?.[0]
}

/**
 * Returns an Error with the stored name, message, code, stack and causes; of its class if that is built in or this
 * package's.
 */
export function fromStoredError(stored: StoredError): Error {
  const options = stored.cause === undefined ? undefined : { cause: fromStoredError(stored.cause) }
  const error = stored.errors
    ? new AggregateError(stored.errors.map(fromStoredError), stored.message, options)
    : new (builtIns.get(stored.name) ?? Error)(stored.message, options)
  if (error.name !== stored.name) define(error, 'name', stored.name)
  if (stored.code !== undefined) Object.assign(error, { code: stored.code })
  const own = stored.fields === undefined ? undefined : ownPrototypes.get(stored.classCode ?? stored.code)
  if (own !== undefined) Object.setPrototypeOf(Object.assign(error, stored.fields), own)
  define(error, 'stack', stored.stack ?? `${stored.name}: ${stored.message}`)
  return error
}

function define(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false })
}
