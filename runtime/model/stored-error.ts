/** An error as it is stored: everything a reader needs, nothing that only its process understood. */
export interface StoredError {
  readonly name: string
  readonly message: string
  readonly code?: string | number
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
    ...(typeof thrown.stack === 'string' ? { stack: clip(thrown.stack, longestStack) } : {}),
    ...(goesDeeper && thrown.cause !== undefined ? { cause: toStoredError(thrown.cause, depth + 1) } : {}),
    ...(goesDeeper && thrown instanceof AggregateError
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

/** An Error with the stored name, message, code, stack and causes; of the built-in class where there is one. */
export function fromStoredError(stored: StoredError): Error {
  const options = stored.cause === undefined ? undefined : { cause: fromStoredError(stored.cause) }
  const error = stored.errors
    ? new AggregateError(stored.errors.map(fromStoredError), stored.message, options)
    : new (builtIns[stored.name] ?? Error)(stored.message, options)
  if (error.name !== stored.name) define(error, 'name', stored.name)
  if (stored.code !== undefined) Object.assign(error, { code: stored.code })
  define(error, 'stack', stored.stack ?? `${stored.name}: ${stored.message}`)
  return error
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
