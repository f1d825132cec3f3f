import { durationToken } from '../describe/duration-token.ts'
import { byAndWhy } from '../describe/manual-action.ts'
import type { LedgerLine, LedgerOutcome, ScheduleInfo } from '../store/schedules.ts'
import { paint } from './output.ts'
import { ago } from './run-text.ts'

const colours: Partial<Record<LedgerOutcome, Parameters<typeof paint>[0]>> = {
  fired: 'green',
  late: 'yellow',
  'caught up': 'yellow',
  skipped: 'yellow',
  dropped: 'red',
}

export function paintOutcome(text: string, { outcome }: Pick<LedgerLine, 'outcome'>): string {
  const colour = colours[outcome]
  return colour === undefined ? text : paint(colour, text)
}

/** What a line says beside its tick and its outcome. */
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

/** Why a schedule fires no more, or nothing when it does. */
export function stoppedText({ paused, dropped }: ScheduleInfo): string | undefined {
  if (dropped !== undefined) {
    return `dropped by the code of worker ${dropped.worker} (${ago(dropped.at)})`
  }
  return paused && `paused by ${byAndWhy(paused)} (${ago(paused.at)})`
}

function skipText(why: NonNullable<LedgerLine['why']>, other: string | undefined): string {
  const words = {
    missed: 'no worker could fire in time',
    paused: 'paused',
    overlap: `run ${other} lives`,
    duplicate: `duplicate of run ${other}`,
    'queue full': 'as many ticks as its cap wait already',
  } satisfies Record<typeof why, string>
  return words[why]
}

/** The tick that a line is about, or the first of a stretch and how many follow until when. */
export function tickText({ tick, until, count }: LedgerLine): string {
  if (tick === undefined) return ''
  return until === undefined ? instant(tick) : `${instant(tick)}, ${count} until ${instant(until)}`
}

/** To the second, as ticks are. */
export function instant(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z')
}
