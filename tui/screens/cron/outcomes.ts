import type { LedgerLine, LedgerOutcome } from '../../../runtime/store/schedules.ts'
import type { Look } from '../../kit/look.ts'
import type { Tone } from '../../kit/tone.ts'

/** The mark of a tick's outcome: one column wide, and distinct without color. */
interface OutcomeMark {
  readonly unicode: string
  readonly ascii: string
  readonly tone: Tone
}

const fired: OutcomeMark = { unicode: '●', ascii: '*', tone: 'good' }
const missed: OutcomeMark = { unicode: '✖', ascii: 'x', tone: 'bad' }
const skipped: OutcomeMark = { unicode: '⊘', ascii: '/', tone: 'warn' }
const paused: OutcomeMark = { unicode: '‖', ascii: '=', tone: 'dim' }

/** A manual action on a schedule is no tick, and has no mark. */
const marks: Readonly<Partial<Record<LedgerOutcome, OutcomeMark>>> = {
  fired,
  late: { unicode: '◑', ascii: 'l', tone: 'warn' },
  'caught up': { unicode: '↻', ascii: 'c', tone: 'warn' },
  queued: { unicode: '◌', ascii: 'q', tone: 'warn' },
  triggered: { unicode: '▲', ascii: '^', tone: 'info' },
}

function markOf({ outcome, why }: LedgerLine): OutcomeMark | undefined {
  if (outcome !== 'skipped') return marks[outcome]
  if (why === 'missed') return missed
  return why === 'paused' ? paused : skipped
}

/** The outcome of a line as a glyph and its word; without a glyph where it is of no tick. */
export function outcomeText(line: LedgerLine, { ascii }: Look): string {
  const mark = markOf(line)
  const word = line.outcome === 'skipped' ? (line.why === 'missed' ? 'missed' : 'skipped') : line.outcome
  return `${mark === undefined ? ' ' : ascii ? mark.ascii : mark.unicode} ${word}`
}

export function outcomeTone(line: LedgerLine): Tone {
  return markOf(line)?.tone ?? 'dim'
}

/** The last outcomes as a strip, the newest at its right end. */
export function outcomeStrip(ledger: readonly LedgerLine[], width: number, { ascii }: Look): string {
  const glyphs = ledger.flatMap((line) => {
    const mark = markOf(line)
    return mark === undefined ? [] : [ascii ? mark.ascii : mark.unicode]
  })
  return glyphs.slice(0, width).reverse().join('').padStart(width)
}

/** The legend of the strip's glyphs. */
export function outcomeLegend({ ascii }: Look): string {
  const named: readonly (readonly [OutcomeMark | undefined, string])[] = [
    [fired, 'fired'],
    [marks.late, 'late'],
    [marks['caught up'], 'caught up'],
    [missed, 'missed'],
    [skipped, 'skipped'],
    [paused, 'paused'],
    [marks.queued, 'queued'],
    [marks.triggered, 'triggered'],
  ]
  return named
    .flatMap(([mark, word]) => (mark === undefined ? [] : [`${ascii ? mark.ascii : mark.unicode} ${word}`]))
    .join('  ')
}
