import type { LedgerLine } from '../store/schedules.ts'
import { durationToken } from './duration-token.ts'
import { byAndWhy } from './manual-action.ts'

/** Returns the details of a ledger entry besides its tick and its outcome. */
export function ledgerDetail({ why, other, run, lateMs, by, reason, worker }: LedgerLine): string {
  const parts = [
    why === undefined ? '' : skipText(why, other),
    run === undefined ? '' : `run ${run}`,
    lateMs === undefined ? '' : `${durationToken(lateMs)} late`,
    by === undefined ? '' : `by ${byAndWhy(reason === undefined ? { by } : { by, reason })}`,
    worker === undefined ? '' : `by the code of worker ${worker}`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function skipText(why: NonNullable<LedgerLine['why']>, other: string | undefined): string {
  const words = {
    missed: 'no worker could fire in time',
    paused: 'paused',
    overlap: `run ${other} has not ended`,
    duplicate: `duplicate of run ${other}`,
    'queue full': 'as many ticks as its cap are already waiting',
  } satisfies Record<typeof why, string>
  return words[why]
}

/** Returns the tick of an entry, or the first of a stretch and how many follow until when. */
export function tickText({ tick, until, count }: LedgerLine): string {
  if (tick === undefined) return ''
  return until === undefined ? instant(tick) : `${instant(tick)}, ${count} until ${instant(until)}`
}

/** To the second, as ticks are. */
export function instant(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}
