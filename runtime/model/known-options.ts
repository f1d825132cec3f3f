import { InvalidOptionsError } from './invalid-options-error.ts'

/**
 * Refuses unknown options, so that a mistyped one is not ignored silently.
 * @throws InvalidOptionsError when `options` is not an object or has a key that is not in `known`.
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
