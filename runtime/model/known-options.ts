import { InvalidOptionsError } from './invalid-options-error.ts'

/**
 * Refuses what a mistyped option would silently do otherwise.
 * @throws InvalidOptionsError when `options` is no object or has a key that is not in `known`.
 */
export function checkKnownOptions(options: unknown, known: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(`${where}: write an object of options; known are ${known.join(', ')}`)
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    throw new InvalidOptionsError(`${where}: unknown option '${key}'; known are ${known.join(', ')}`)
  }
}
