import { situation } from '../../../runtime/describe/situation.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { FleetView } from '../../fleet/fleet-view.ts'
import type { ListWindow, Row, ScreenInput } from '../screen.ts'
import { runJumps } from './run-jumps.ts'
import { type RunsData, shownOf } from './runs-data.ts'

export interface RunRow extends Row {
  readonly run: Run
  /** Why it is in its state. */
  readonly situation: string
}

/** The runs that were read, in order, each once. */
export function runRows({ data, fleet, now }: ScreenInput<RunsData>): readonly RunRow[] {
  const { overview } = fleet
  const snapshot = overview === undefined ? undefined : { queues: overview.queues, workers: overview.workers }
  const byId = new Map<string, Run>()
  for (const { runs } of data?.pages ?? []) {
    for (const run of shownOf(runs, data?.hidden)) if (!byId.has(run.id)) byId.set(run.id, run)
  }
  return [...byId.values()].map((run) => ({
    ...{ id: run.id, run },
    // Only rows on the screen are asked for it.
    get situation() {
      return situation(run, now, snapshot)
    },
    thing: { kind: 'run', id: run.id, job: run.job, state: run.state },
    target: { screen: 'run', subject: run.id },
    get jumps() {
      return runJumps(run)
    },
  }))
}

/** Ids on a narrow list: those of one minute begin alike, so the end distinguishes them. */
export function shortRunId(id: string, ellipsis: string): string {
  return id.length <= 12 ? id : `${ellipsis}${id.slice(-9)}`
}

/** How many runs there are in the store; undefined while that isn't known. */
export function runsInStore({ overview }: FleetView): number | undefined {
  return overview?.counts.reduce((sum, { count }) => sum + count, 0)
}

/** Where the cursor is in the list, how far it was read, and what came in above. */
export function positionText(data: RunsData, { first, line, count }: ListWindow): string {
  const more = data.pages.at(-1)?.next === undefined ? '' : '+'
  const row = count === 0 ? '' : `${(first + line + 1).toLocaleString('en')} of `
  const newer = data.newer === 0 ? '' : `, ${data.newer} newer (g)`
  const searched = data.isPartial ? `, searched ${data.looked.toLocaleString('en')}, continuing` : ''
  return `${row}${count.toLocaleString('en')}${more}${newer}${searched}`
}

/** What the list is of, in words. */
export function listText({ place, data }: ScreenInput<RunsData>): string {
  const order = { newest: 'newest first', oldest: 'oldest first', longest: 'longest in state first' }
  const filter = place.filter === '' ? 'all' : place.filter
  return `${filter}  ${order[data?.order ?? 'newest']}`
}
