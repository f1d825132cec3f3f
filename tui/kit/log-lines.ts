import { logRows } from '../actions/session-log.ts'
import type { AppState } from '../app/app-state.ts'
import { type Span, span } from './span.ts'

/** What this session did, the newest first, from the line `top` on. */
export function logLines({ log, now, fleet }: AppState, top: number): readonly (readonly Span[])[] {
  if (log.length === 0) return [[span(' nothing was done in this session yet', 'dim')]]
  const rows = logRows(log, now + fleet.aheadMs)
  const width = (cell: (row: (typeof rows)[number]) => string): number =>
    Math.max(...rows.map((row) => cell(row).length))
  const [action, target] = [width((row) => row.action), width((row) => row.target)]
  return rows
    .slice(top)
    .map((row) => [
      span(` ${row.at}  `, 'dim'),
      span(`${row.outcome.padEnd(8)} `, row.tone),
      span(`${row.action.padEnd(action)}  ${row.target.padEnd(target)}  `),
      span(row.text, 'dim'),
    ])
}
