import { InvalidOptionsError } from './invalid-options-error.ts'

/** Names one run for life. Made by the client, so that a repeated enqueue is harmless. */
export type RunId = string

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new id of 26 characters whose text order is the order of time (ULID layout: 48 bits of ms, 80 random bits).
 * `random` fills the bytes it is given.
 */
export function newRunId(now: number, random: (bytes: Uint8Array) => Uint8Array = fillRandom): RunId {
  let time = ''
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time
  const bytes = random(new Uint8Array(16))
  return time + Array.from(bytes, (byte) => alphabet[byte % 32]).join('')
}

function fillRandom(bytes: Uint8Array): Uint8Array {
  return crypto.getRandomValues(bytes)
}

/** @throws InvalidOptionsError when a caller's own id could not be typed back on a command line. */
export function parseRunId(value: unknown, option = 'id'): RunId {
  if (typeof value === 'string' && /^[\w.:@+-]{1,200}$/.test(value)) return value
  throw new InvalidOptionsError(
    `${option}: '${String(value)}' can't name a run; use 1 to 200 letters, digits and . : @ + - _`,
  )
}
