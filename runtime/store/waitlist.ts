import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import type { RunState } from '../model/run.ts'
import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import { decodeCursor, encodeCursor } from './list-cursor.ts'

/*
 * The holders and the waiters of one key of a limiter, a page at a time. A page costs its own size, for any length of
 * the waitlist.
 */

/** One key of a limiter, and where the page begins. */
export interface LimitKeyQuery {
  readonly limiter: string
  /** '' for a limiter that is used without keys. */
  readonly key: string
  readonly limit: number
  /** Of the previous page, for the same key. */
  readonly cursor?: string
}

/** A run or a step that holds slots of a key. */
export interface LimitHolder {
  readonly run: RunId
  readonly job: string
  readonly queue: string
  readonly state: RunState
  /** The step that holds it; '' for the job's own limits. */
  readonly path: StepPath
  /** Slots. */
  readonly held: number
  /** When it took them, ms since the epoch; left out if a worker of an earlier version did. */
  readonly since?: number
  /** Left out while its run is in no slot of a worker. */
  readonly worker?: string
}

/** In an order of the store's own that stays from page to page. Rates have no holders: they count starts. */
export interface LimitHolderPage {
  readonly holders: readonly LimitHolder[]
  /** Set while there may be more. */
  readonly cursor?: string
}

/** A run or a step on the waitlist of a key. */
export interface LimitWaiter {
  readonly run: RunId
  readonly job: string
  readonly queue: string
  readonly state: RunState
  /** The step that waits; '' for the job's own limits. */
  readonly path: StepPath
  /** 1 for the first. A later page continues the count of the previous one, even if waiters left meanwhile. */
  readonly position: number
  readonly priority: number
  /** ms since the epoch; left out when the step waits in its run's slot, whose time the store doesn't keep. */
  readonly since?: number
  /** It was passed over so often that its keys admit no younger run (Q6 of limiters.ts). */
  readonly aged: boolean
}

/** By priority, then in the order of enqueue. */
export interface LimitWaiterPage {
  readonly waiters: readonly LimitWaiter[]
  /** Set while there may be more. */
  readonly cursor?: string
}

/** Where a page ended. Holders have neither priority nor position: 0. */
export interface LimitKeyPosition {
  readonly priority: number
  readonly seq: number
  readonly run: RunId
  readonly path: StepPath
  readonly position: number
}

export interface ParsedLimitKeyQuery extends Pick<LimitKeyQuery, 'limiter' | 'key' | 'limit'> {
  readonly after: LimitKeyPosition | undefined
}

const maxLimit = 1_000
const known = ['limiter', 'key', 'limit', 'cursor']

/** @throws InvalidOptionsError */
export function parseLimitKeyQuery(query: LimitKeyQuery): ParsedLimitKeyQuery {
  checkKnownOptions(query, known, 'limiter key')
  const { limiter, key, limit, cursor } = query
  if (typeof limiter !== 'string' || limiter === '') {
    throw new InvalidOptionsError('limiter key: name the limiter')
  }
  if (typeof key !== 'string') {
    throw new InvalidOptionsError("limiter key: write the key as text, '' for a limiter without keys")
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new InvalidOptionsError(`limiter key: limit must be 1 to ${maxLimit}, not ${limit}`)
  }
  return { limiter, key, limit, after: cursor === undefined ? undefined : parseCursor(query, cursor) }
}

type OfKey = Pick<LimitKeyQuery, 'limiter' | 'key'>

export function formatLimitCursor({ limiter, key }: OfKey, at: LimitKeyPosition): string {
  return encodeCursor([limiter, key, at.priority, at.seq, at.run, at.path, at.position])
}

/** @throws InvalidOptionsError */
function parseCursor({ limiter, key }: OfKey, cursor: string): LimitKeyPosition {
  const parts = decodeCursor(cursor)
  const types = parts.map((part) => typeof part).join(' ')
  if (types !== 'string string number number string string number') {
    throw new InvalidOptionsError(`cursor: '${cursor}' is not a cursor; pass the cursor of the previous page`)
  }
  const [ofLimiter, ofKey, priority, seq, run, path, position] = parts as [
    ...[string, string, number, number, string, string, number],
  ]
  if (ofLimiter !== limiter || ofKey !== key) {
    throw new InvalidOptionsError(
      `cursor: '${cursor}' belongs to key '${ofKey}' of limiter '${ofLimiter}'; pass it with that one`,
    )
  }
  return { priority, seq, run, path, position }
}
