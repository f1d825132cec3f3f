import {
  type ExpectedMute,
  type ExpectingWrite,
  isSameTime,
  refuseStale,
} from '../../../model/expecting-write.ts'
import { type Mute, maxMutes, tooManyMutes } from '../../mutes.ts'
import type { Sql } from '../database.ts'
import { logManual } from '../operation-log.ts'
import { type Moment, shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'

/** Returns when the mute ends, in the store's time. */
export function muteFinding(
  tx: Transaction,
  finding: string,
  forMs: number,
  write: ExpectingWrite<ExpectedMute>,
): number {
  refuseMovedMute(tx, finding, write)
  tx.sql.run('DELETE FROM mutes WHERE until <= ? OR finding = ?', tx.now, finding)
  const others = tx.sql.get<{ n: number }>('SELECT count(*) AS n FROM mutes')?.n ?? 0
  if (others >= maxMutes) throw tooManyMutes(finding)
  const until = tx.now + forMs
  logManual(tx, 'mute finding', finding, write, { forMs })
  tx.sql.run('INSERT INTO mutes VALUES (?, ?, ?, ?)', finding, until, write.by, write.reason ?? null)
  return until
}

export function unmuteFinding(
  tx: Transaction,
  finding: string,
  write: ExpectingWrite<ExpectedMute>,
): boolean {
  refuseMovedMute(tx, finding, write)
  const found = tx.sql.get('SELECT 1 FROM mutes WHERE finding = ? AND until > ?', finding, tx.now)
  if (found !== undefined) logManual(tx, 'unmute finding', finding, write)
  tx.sql.run('DELETE FROM mutes WHERE finding = ?', finding)
  return found !== undefined
}

function refuseMovedMute(tx: Transaction, finding: string, { expected }: ExpectingWrite<ExpectedMute>): void {
  if (expected === undefined) return
  const mute = tx.sql.get<{ until: number }>(
    'SELECT until FROM mutes WHERE finding = ? AND until > ?',
    finding,
    tx.now,
  )
  const until = mute && shownAt(tx, mute.until)
  refuseStale(isSameTime(until, expected.until), `the mute of '${finding}'`)
}

export function inspectMutes(sql: Sql, moment: Moment): Mute[] {
  const rows = sql.all<{ finding: string; until: number; by: string; reason: string | null }>(
    'SELECT finding, until, by, reason FROM mutes WHERE until > ? ORDER BY finding',
    moment.now,
  )
  return rows.map(({ finding, until, by, reason }) => ({
    ...{ finding, until: shownAt(moment, until), by },
    ...(reason === null ? {} : { reason }),
  }))
}
