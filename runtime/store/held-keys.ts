import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import type { UniqueKey } from '../model/unique.ts'
import { decodeCursor, encodeCursor } from './list-cursor.ts'

/*
 * The held unique keys, a page at a time. A page costs the keys that it inspects, at most `maxInspectedKeys`, for any
 * number of keys and runs.
 */

/** Which keys, and where the page begins. */
export interface HeldKeyQuery {
  /** Left out: of every job. */
  readonly job?: string
  readonly limit: number
  /** Of the previous page, for the same job. */
  readonly cursor?: string
}

/** A unique key and the run that holds it. */
export interface HeldKey {
  readonly job: string
  readonly key: string
  readonly until: UniqueKey['until']
  readonly run: RunId
  /** A run that holds its key for a time may have ended. */
  readonly state: RunState
  /** ms since the epoch. */
  readonly enqueuedAt: number
}

/**
 * In an order of the store's own. A key that is held the whole time is on at least one page; on Redis it may be on two.
 */
export interface HeldKeyPage {
  readonly keys: readonly HeldKey[]
  /** Set while there may be more: a page may have fewer keys than requested, or none, and still have a cursor. */
  readonly cursor?: string
}

export interface ParsedHeldKeyQuery extends Pick<HeldKeyQuery, 'job' | 'limit'> {
  /** The store's position; two texts of its own. */
  readonly after: readonly [string, string] | undefined
}

/** One call inspects about this many keys at most. */
export const maxInspectedKeys = 1_000
const maxLimit = 1_000

/** @throws InvalidOptionsError */
export function parseHeldKeyQuery(query: HeldKeyQuery): ParsedHeldKeyQuery {
  checkKnownOptions(query, ['job', 'limit', 'cursor'], 'unique keys')
  const { job, limit, cursor } = query
  if (job === '')
    throw new InvalidOptionsError('unique keys: job is empty; leave it out for those of every job')
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new InvalidOptionsError(`unique keys: limit must be 1 to ${maxLimit}, not ${limit}`)
  }
  const after = cursor === undefined ? undefined : parseCursor(query, cursor)
  return { limit, after, ...(job === undefined ? {} : { job }) }
}

export function formatKeyCursor(
  { job = '' }: Pick<HeldKeyQuery, 'job'>,
  after: readonly [string, string],
): string {
  return encodeCursor([job, ...after])
}

/** @throws InvalidOptionsError */
function parseCursor({ job = '' }: HeldKeyQuery, cursor: string): readonly [string, string] {
  const [ofJob, first, second] = decodeCursor(cursor)
  if (typeof ofJob !== 'string' || typeof first !== 'string' || typeof second !== 'string') {
    throw new InvalidOptionsError(`cursor: '${cursor}' is not a cursor; pass the cursor of the previous page`)
  }
  if (ofJob !== job) {
    const whose = ofJob === '' ? 'every job' : `job '${ofJob}'`
    throw new InvalidOptionsError(`cursor: '${cursor}' belongs to the keys of ${whose}; pass it with those`)
  }
  return [first, second]
}
