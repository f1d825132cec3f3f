import { InvalidOptionsError } from './invalid-options-error.ts'

/** Names one run for life. Made by the client, so that a repeated enqueue is harmless. */
export type RunId = string

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const idCharacters = 26
/** This many characters of a generated id are its time: only ids of the same ms share them. */
const timeCharacters = 10
const generated = new RegExp(`^[${alphabet}]{${idCharacters}}$`)

/**
 * Returns a new id of 26 characters whose text order is the order of time (ULID layout: 48 bits of ms, 80 random bits).
 * `random` fills the bytes that it gets.
 */
export function newRunId(now: number, random: (bytes: Uint8Array) => Uint8Array = fillRandom): RunId {
  let time = ''
  for (let rest = now, i = 0; i < timeCharacters; i++, rest = Math.floor(rest / 32))
    time = alphabet[rest % 32] + time
  const bytes = random(new Uint8Array(idCharacters - timeCharacters))
  return time + Array.from(bytes, (byte) => alphabet[byte % 32]).join('')
}

/** Returns whether an id looks like one of `newRunId`, not like a caller's own. */
export function isGeneratedId(id: string): boolean {
  return generated.test(id)
}

/** Returns whether `text` can be the begin of an id of `newRunId`, and is longer than its time. */
export function beginsGeneratedId(text: string): boolean {
  return (
    text.length >= timeCharacters &&
    text.length < idCharacters &&
    isGeneratedId(text.padEnd(idCharacters, '0'))
  )
}

function fillRandom(bytes: Uint8Array): Uint8Array {
  return crypto.getRandomValues(bytes)
}

/** @throws InvalidOptionsError if a caller's own id can't be typed on a command line. */
export function parseRunId(value: unknown, option = 'id'): RunId {
  if (typeof value === 'string' && /^[\w.:@+-]{1,200}$/.test(value)) return value
  throw new InvalidOptionsError(
    `${option}: '${String(value)}' can't name a run; use 1 to 200 letters, digits and . : @ + - _`,
  )
}
