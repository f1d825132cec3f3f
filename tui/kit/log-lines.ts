import { logRows } from '../actions/session-log.ts'
import type { AppState } from '../app/app-state.ts'
import { type Span, span } from './span.ts'

/** What this session did, the newest first, from the line `top` on. */
export function logLines({ log, now, fleet }: AppState, top: number): readonly (readonly Span[])[] {
  if (log.length === 0) return [[span(' nothing was done in this session yet', 'dim')]]
  const rows = logRows(log, now + fleet.aheadMs)
  return rows
    .slice(top)
    .flatMap((row) => [
      [
        span(` ${row.at}  `, 'dim'),
        span(row.outcome.padEnd(8), row.tone),
        span(` ${row.action} ${row.target}`),
      ],
      [span(`   ${row.text}`, 'dim')],
    ])
}
