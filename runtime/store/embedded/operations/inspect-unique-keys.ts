import type { RunId } from '../../../model/run-id.ts'
import {
  formatKeyCursor,
  type HeldKey,
  type HeldKeyPage,
  type HeldKeyQuery,
  maxInspectedKeys,
  parseHeldKeyQuery,
} from '../../held-keys.ts'
import { uniqueKeyOf, untilFinished } from '../../unique-until.ts'
import type { Sql } from '../database.ts'
import { type ReadPart, readParts } from '../read-parts.ts'
import { findRun } from '../run-row.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import { holderOf } from '../unique-keys.ts'

interface KeyEntry {
  readonly job: string
  readonly key: string
  readonly run: RunId
}

const keysAtOnce = 100

export function inspectHeldKeys(sql: Sql, moment: Moment, query: HeldKeyQuery): HeldKeyPage {
  const { job, limit, after } = parseHeldKeyQuery(query)
  const keys: HeldKey[] = []
  let last = after
  for (let inspected = 0; inspected < maxInspectedKeys; ) {
    const entries = nextEntries(sql, job, last)
    for (const entry of entries) {
      inspected++
      last = [entry.job, entry.key]
      const held = heldKey(sql, moment, entry)
      if (held !== undefined) keys.push(held)
      if (keys.length === limit) return { keys, cursor: formatKeyCursor(query, last) }
    }
    if (entries.length < keysAtOnce) return { keys }
  }
  return { keys, ...(last === undefined ? {} : { cursor: formatKeyCursor(query, last) }) }
}

function nextEntries(
  sql: Sql,
  job: string | undefined,
  after: readonly [job: string, key: string] | undefined,
): KeyEntry[] {
  const [lastJob, lastKey] = after ?? [job ?? '', '']
  const sameJob: ReadPart = ['job = ? AND key > ?', lastJob, lastKey]
  const parts: readonly ReadPart[] = job === undefined ? [sameJob, ['job > ?', lastJob]] : [sameJob]
  return readParts(parts, keysAtOnce, (where, values, most) =>
    sql.all<KeyEntry>(
      `SELECT job, key, run FROM unique_keys WHERE ${where} ORDER BY job, key LIMIT +?`,
      ...values,
      most,
    ),
  )
}

/** Undefined if no run holds it, or if it is the canonical form of a key that is listed itself (U2). */
function heldKey(sql: Sql, moment: Moment, { job, key }: KeyEntry): HeldKey | undefined {
  const holder = holderOf(sql, moment, job, key)
  const run = holder === undefined ? undefined : findRun(sql, holder)
  if (run === undefined || run.unique_key !== key) return undefined
  const { until } = uniqueKeyOf(key, run.unique_until ?? untilFinished)
  return {
    ...{ job, key, run: run.id, state: run.state, enqueuedAt: shownAt(moment, run.enqueued_at) },
    until: typeof until === 'number' ? shownAt(moment, until) : until,
  }
}
