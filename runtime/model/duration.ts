import { InvalidOptionsError } from './invalid-options-error.ts'
import { describeValue } from './thrown.ts'

type Unit = 'ms' | 's' | 'm' | 'h' | 'd'

/** Milliseconds, or a number with a unit: `'250ms' '10s' '5m' '2h' '1d'`. */
export type Duration = number | `${number}${Unit}`

export const unitMs: Readonly<Record<Unit, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
/** 100 years: a deadline beyond it isn't a sensible date. */
const maxMs = 100 * 365 * 86_400_000

/**
 * Parses a duration into milliseconds.
 * @throws InvalidOptionsError naming `option` if it is not a duration, negative, or longer than 100 years.
 */
export function parseDuration(value: unknown, option: string): number {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? readText(value) : Number.NaN
  if (Number.isFinite(ms) && ms >= 0 && ms <= maxMs) return Math.round(ms)
  throw new InvalidOptionsError(
    `${option}: ${typeof value === 'string' ? `'${value}'` : describeValue(value)} is not a duration; write milliseconds or '250ms', '10s', '5m', '2h', '1d'`,
  )
}

function readText(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim())
  return match ? Number(match[1]) * unitMs[match[2] as Unit] : Number.NaN
}
