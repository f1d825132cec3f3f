import { hasBrand } from './brand.ts'

/** The brand of each class of the package; a subclass derived by an author has none. */
const brands = new WeakMap<object, symbol>()

interface ErrorClass<T> {
  readonly prototype: T
}

/** Brands error classes, at the end of their file. A name is the same in every copy and version of the package. */
export function brandErrors(errorClasses: Readonly<Record<string, ErrorClass<DurableJobsError>>>): void {
  for (const [name, errorClass] of Object.entries(errorClasses)) {
    const brand = Symbol.for(`durable-jobs.${name}`)
    brands.set(errorClass, brand)
    // On the prototype, so that subclasses inherit it: a StepUnknownError is a StepFailedError in every copy.
    Object.defineProperty(errorClass.prototype, brand, { value: brand })
  }
}

/**
 * Base class of every error of this package: a literal `code`, a `cause`, a message that says what to do next.
 * `is` and `instanceof` also recognize errors that another copy of the package made.
 */
export abstract class DurableJobsError extends Error {
  abstract readonly code: string

  /**
   * Returns whether `value` is an error of this class, made by this copy of the package or by another. Never throws.
   * @example if (StepFailedError.is(error)) log.warn({ step: error.path }, 'continuing without it')
   */
  static is<T>(this: ErrorClass<T>, value: unknown): value is T {
    // biome-ignore lint/complexity/noThisInStatic: whichever class it is called on
    return recognizes(this, value)
  }

  /**
   * Decides by brand for the exact class. A subclass inherits this hook but no brand, so plain `instanceof` decides
   * there.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: the class on the right of instanceof
    return recognizes(this, value)
  }
}

brandErrors({ DurableJobsError })

function recognizes(errorClass: object, value: unknown): boolean {
  const brand = brands.get(errorClass)
  if (brand !== undefined) return hasBrand(value, brand)
  try {
    return Function.prototype[Symbol.hasInstance].call(errorClass, value)
  } catch {
    // A proxy that throws when its prototype is read.
    return false
  }
}
