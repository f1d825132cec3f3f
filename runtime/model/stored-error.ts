import { DurableJobsError } from './durable-jobs-error.ts'
import {
  DuplicateStepError,
  FatalError,
  JournalFullError,
  NestedStepError,
  RunPoisonedError,
  RunTimeoutError,
  SerializationError,
  StepFailedError,
  StepTimeoutError,
  StepUnknownError,
} from './errors.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'

/** An error as it is stored: everything a reader needs, nothing that only its process understood. */
export interface StoredError {
  readonly name: string
  readonly message: string
  readonly code?: string | number
  /** What an error of this package says beside its message, such as a step's path. */
  readonly fields?: Readonly<Record<string, string | number>>
  readonly stack?: string
  readonly cause?: StoredError
  readonly errors?: readonly StoredError[]
}

const longestMessage = 16_384
const longestStack = 8_192
const deepestCause = 8

/** What was thrown, an Error or not, as a plain value of bounded size. */
export function toStoredError(thrown: unknown, depth = 0): StoredError {
  if (!(thrown instanceof Error))
    return { name: 'NonError', message: clip(describeThrown(thrown), longestMessage) }
  const { code } = thrown as { code?: unknown }
  const goesDeeper = depth < deepestCause
  return {
    name: String(thrown.name),
    message: clip(String(thrown.message), longestMessage),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(thrown instanceof DurableJobsError ? { fields: plainFields(thrown) } : {}),
    ...(typeof thrown.stack === 'string' ? { stack: clip(thrown.stack, longestStack) } : {}),
    ...(goesDeeper && thrown.cause !== undefined ? { cause: toStoredError(thrown.cause, depth + 1) } : {}),
    ...(depth === 0 && thrown instanceof AggregateError
      ? { errors: thrown.errors.slice(0, 20).map((inner) => toStoredError(inner, depth + 1)) }
      : {}),
  }
}

const builtIns: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}

/** Own classes that a run or step can end with, so that `instanceof` holds for a stored error too. */
const ownClasses: ReadonlyMap<string | number | undefined, { readonly prototype: DurableJobsError }> =
  new Map(
    Object.entries({
      DUPLICATE_STEP: DuplicateStepError,
      FATAL: FatalError,
      INVALID_OPTIONS: InvalidOptionsError,
      JOURNAL_FULL: JournalFullError,
      NESTED_STEP: NestedStepError,
      RUN_POISONED: RunPoisonedError,
      RUN_TIMEOUT: RunTimeoutError,
      SERIALIZATION: SerializationError,
      STEP_FAILED: StepFailedError,
      STEP_TIMEOUT: StepTimeoutError,
      STEP_UNKNOWN: StepUnknownError,
    }),
  )

/** An Error with the stored name, message, code, stack and causes; of its class if that is built in or this package's. */
export function fromStoredError(stored: StoredError): Error {
  const options = stored.cause === undefined ? undefined : { cause: fromStoredError(stored.cause) }
  const error = stored.errors
    ? new AggregateError(stored.errors.map(fromStoredError), stored.message, options)
    : new (builtIns[stored.name] ?? Error)(stored.message, options)
  if (error.name !== stored.name) define(error, 'name', stored.name)
  if (stored.code !== undefined) Object.assign(error, { code: stored.code })
  const own = stored.fields === undefined ? undefined : ownClasses.get(stored.code)
  if (own !== undefined) Object.setPrototypeOf(Object.assign(error, stored.fields), own.prototype)
  define(error, 'stack', stored.stack ?? `${stored.name}: ${stored.message}`)
  return error
}

function plainFields(error: DurableJobsError): Record<string, string | number> {
  const plain = Object.entries(error).filter(([key, value]) => {
    const kept = typeof value === 'string' || typeof value === 'number'
    return kept && key !== 'name' && key !== 'code'
  })
  return Object.fromEntries(plain)
}

function define(error: Error, key: string, value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false })
}

function describeThrown(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown))
  } catch {
    return Object.prototype.toString.call(thrown)
  }
}

function clip(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`
}
