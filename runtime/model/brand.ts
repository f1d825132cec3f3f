/*
 * Brands: how the package recognizes its own values when a process has loaded it twice (bundled jobs beside the
 * command line, a job library with its own copy), where `instanceof` of one copy is false for values of the other.
 * A brand is a registered symbol, shared by all copies, whose value is the symbol itself: a proxy that has every
 * property, or returns the same for each, is still not recognized.
 */

/** Returns whether `value` carries `brand`. Never throws: a revoked proxy carries none. */
export function hasBrand(value: unknown, brand: symbol): boolean {
  if (typeof value !== 'object' || value === null) return false
  try {
    return Reflect.get(value, brand) === brand
  } catch {
    return false
  }
}
