import { digestsOf } from './digest.ts'
import { type Duration, parseDuration } from './duration.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { checkKnownOptions } from './known-options.ts'
import { messageOf, returnedText } from './thrown.ts'

/** The policy for an enqueue whose key is held. */
export type OnDuplicate = 'join' | 'reject' | 'replace'

/**
 * Option `unique` of a job: one run per key at a time. The key is part of the run: no time limit of its own can outlive
 * it.
 */
export interface UniqueOptions<Parsed> {
  /**
   * Makes two runs of this job duplicates if equal. Default: a digest of the parsed input, one for all equal inputs.
   */
  key?: (input: Parsed) => string | number
  /**
   * - `finished` (default): until the run has ended, in any way
   * - `started`: until its first claim, so that one more can queue behind the running one
   * - a duration: that long after its enqueue, even if the run ends earlier
   */
  until?: 'finished' | 'started' | Duration
  /**
   * - `join` (default): returns the handle of the run that holds the key
   * - `reject`: DuplicateRunError with the id of that run
   * - `replace`: supersedes it while it has not started, else DuplicateRunError
   */
  onDuplicate?: 'join' | 'reject' | 'replace'
}

/** Checked. */
export interface UniqueRule {
  readonly key: ((input: unknown) => unknown) | undefined
  readonly until: 'finished' | 'started' | { readonly ms: number }
  readonly onDuplicate: OnDuplicate
}

/** The key of one run as it goes into a store; its scope is the job's name. */
export interface UniqueClaim {
  /** 1 to 512 bytes, no control characters. */
  readonly key: string
  /** The canonical digest (model/digest.ts), if `key` is the written one and differs. The run holds both. */
  readonly canonicalKey?: string
  readonly until: UniqueRule['until']
  readonly onDuplicate: OnDuplicate
}

/** The key of a run as a store shows it; `until` as a number is the end of its window, ms since the epoch. */
export interface UniqueKey {
  readonly key: string
  /** Held too: the key of every equal input, if `key` is another digest of this one. */
  readonly canonicalKey?: string
  readonly until: 'finished' | 'started' | number
}

const waysOnDuplicate: readonly unknown[] = ['join', 'reject', 'replace'] satisfies OnDuplicate[]
const maxKey = 512

/** @throws InvalidOptionsError naming the wrong option. */
export function parseUnique(unique: unknown, job: string): UniqueRule | undefined {
  if (unique === undefined || unique === false) return undefined
  const at = `job '${job}': unique`
  const options = unique === true ? {} : unique
  checkKnownOptions(options, ['key', 'until', 'onDuplicate'], at)
  const { key, until = 'finished', onDuplicate = 'join' } = options as UniqueOptions<unknown>
  if (key !== undefined && typeof key !== 'function') {
    throw new InvalidOptionsError(`${at}.key must be a function of the input, (input) => input.file`)
  }
  if (!waysOnDuplicate.includes(onDuplicate)) {
    throw new InvalidOptionsError(`${at}.onDuplicate must be 'join', 'reject' or 'replace'`)
  }
  return { key, until: parseUntil(until, `${at}.until`), onDuplicate }
}

function parseUntil(until: unknown, at: string): UniqueRule['until'] {
  if (until === 'finished' || until === 'started') return until
  const isText = typeof until === 'string' && !/^\s*\d/.test(until)
  const ms = isText ? 0 : parseDuration(until, at)
  if (ms >= 1) return { ms }
  throw new InvalidOptionsError(`${at} must be 'finished', 'started', or a duration of 1 ms or more, '10m'`)
}

/** Returns all keys of a claim. A run that holds one of them blocks it. */
export function keysOf({ key, canonicalKey }: Pick<UniqueKey, 'key' | 'canonicalKey'>): readonly string[] {
  return canonicalKey === undefined ? [key] : [canonicalKey, key]
}

/**
 * Makes the claim of a run of this job with this input, which must be storable.
 * @throws InvalidOptionsError when `unique.key` returns no usable key
 */
export function uniqueClaim(rule: UniqueRule, input: unknown, job: string): UniqueClaim {
  const keys = rule.key === undefined ? digestKeys(input) : { key: authorsKey(rule.key, input, job) }
  return { ...keys, until: rule.until, onDuplicate: rule.onDuplicate }
}

function digestKeys(input: unknown): Pick<UniqueClaim, 'key' | 'canonicalKey'> {
  const { written, canonical } = digestsOf(input)
  return { key: inBase64(written), ...(canonical === undefined ? {} : { canonicalKey: inBase64(canonical) }) }
}

function inBase64(digest: string): string {
  return Buffer.from(digest, 'hex').toString('base64url')
}

function authorsKey(key: (input: unknown) => unknown, input: unknown, job: string): string {
  const answer = callKey(key, input, job)
  if (typeof answer === 'number' && Number.isFinite(answer)) return String(answer)
  if (typeof answer === 'string') {
    const problem = problemOf(answer)
    if (problem === undefined) return answer
    throw new InvalidOptionsError(`job '${job}': unique.key ${problem} for this input`)
  }
  throw new InvalidOptionsError(
    `job '${job}': unique.key returned ${kindOf(answer)} for this input; it must return a string or a number`,
  )
}

function callKey(key: (input: unknown) => unknown, input: unknown, job: string): unknown {
  try {
    return key(input)
  } catch (cause) {
    const reason = messageOf(cause)
    throw new InvalidOptionsError(`job '${job}': unique.key threw for this input: ${reason}`, { cause })
  }
}

/** Returns why text can't be a key, if so. */
function problemOf(key: string): string | undefined {
  if (key === '') return 'returned an empty string; it must identify the work that must not run twice'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
  if (!key.isWellFormed() || /[\u0000-\u001f\u007f]/.test(key)) {
    return 'returned text with control characters or half a character; use a digest of it'
  }
  const bytes = key.length > maxKey ? key.length : new TextEncoder().encode(key).length
  return bytes > maxKey
    ? `returned ${bytes} bytes, over the limit of ${maxKey}; shorten it, or use a digest`
    : undefined
}

function kindOf(answer: unknown): string {
  if (answer instanceof Promise) return returnedText(answer)
  return answer === null || typeof answer === 'number' ? String(answer) : typeof answer
}
