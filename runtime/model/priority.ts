import { InvalidOptionsError } from './invalid-options-error.ts'

/** @throws InvalidOptionsError unless a whole number from -1000 to 1000. */
export function parsePriority(value: unknown, option: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 1_000) return value
  throw new InvalidOptionsError(`${option}: ${String(value)} is not a whole number from -1000 to 1000`)
}
