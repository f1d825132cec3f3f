import { renderToString } from 'ink'
import { findAttention } from '../runtime/attention/find-attention.ts'
import { SnapshotReader } from '../runtime/attention/snapshot-reader.ts'
import { printJson } from '../runtime/cli/output.ts'
import { reportFailure } from '../runtime/cli/report-failure.ts'
import type { Jobs } from '../runtime/client/client.ts'
import { systemClock } from '../runtime/model/clock.ts'
import { StoreUnavailableError } from '../runtime/model/errors.ts'
import { actionVerbs } from './actions/verbs.ts'
import type { AppState, Environment } from './app/app-state.ts'
import type { Target } from './app/place.ts'
import { shownPlace } from './app/places.ts'
import { inputOf, requestKey, requestOf, shownScreen } from './app/shown.ts'
import { beginState } from './begin-state.ts'
import type { FleetView } from './fleet/fleet-view.ts'
import { beat, noPulse } from './fleet/pulse.ts'
import { readOverview, splitMuted } from './fleet/read-overview.ts'
import { FrameView } from './kit/app-view.tsx'
import { screens } from './screens/screens.ts'
import type { Source } from './source.ts'

export interface OnceOptions {
  readonly environment: Environment
  readonly target: Target
  readonly source: Source
  readonly json: boolean
}

/** As of `durable-jobs attention`. */
const exitCodes = { nothing: 0, findings: 3, unreachable: 2 } as const
/** Where stdout is no terminal. */
const pageSize = { columns: 120, rows: 40 } as const
/** A search with few results continues this often. */
const maxReads = 20

/** Prints the current content of a screen. Resolves to the exit code. */
export async function printOnce({ environment, target, source, json }: OnceOptions): Promise<number> {
  const { stdout } = process
  const size = stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : pageSize
  const begun = beginState(environment, target, size, systemClock.now())
  const unreachable = (error: unknown): undefined => reportUnreachable(error, json)
  const jobs = await source.connect().catch(unreachable)
  if (jobs === undefined) return exitCodes.unreachable
  try {
    const state = await readAll(begun, jobs)
    if (json) printJson(shownScreen(state, screens).json(inputOf(state)))
    else stdout.write(`${frameText(state)}\n`)
    return state.fleet.findings.length > 0 ? exitCodes.findings : exitCodes.nothing
  } catch (error) {
    return unreachable(error) ?? exitCodes.unreachable
  } finally {
    await jobs.close()
  }
}

/** @throws all else */
function reportUnreachable(error: unknown, json: boolean): undefined {
  if (!StoreUnavailableError.is(error)) throw error
  reportFailure(error, json, 'jobs-tui')
  return undefined
}

async function readAll(begun: AppState, jobs: Jobs): Promise<AppState> {
  let state: AppState = { ...begun, fleet: await readFleet(jobs) }
  const { read } = shownScreen(state, screens)
  if (read === undefined) return state
  const place = shownPlace(state.places).id
  let data: unknown
  for (let reads = 0; reads < maxReads; reads++) {
    const request = requestOf(state, screens)
    data = await read.load(jobs, request, data)
    state = { ...state, data: new Map([[place, { data, request: requestKey(request, read) }]]) }
    if (!read.isPartial?.(data)) break
  }
  return state
}

async function readFleet(jobs: Jobs): Promise<FleetView> {
  const snapshots = new SnapshotReader(jobs.inspector, systemClock)
  const { overview, latencyMs, aheadMs } = await readOverview(jobs, systemClock)
  const at = systemClock.now()
  let first = true
  const found = await findAttention(() => {
    const snapshot = first ? snapshots.complete(overview) : snapshots.read()
    first = false
    return snapshot
  }, systemClock)
  return {
    connection: { kind: 'live', latencyMs, at },
    ...{ overview, pulse: beat(noPulse, overview), aheadMs },
    ...splitMuted(found),
    isLooking: false,
  }
}

/** Without the line of keys, which can't be pressed here. */
function frameText(state: AppState): string {
  const deps = { screens, verbs: actionVerbs() }
  const frame = renderToString(<FrameView state={state} deps={deps} />, { columns: state.size.columns })
  return frame
    .split('\n')
    .slice(0, -1)
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
}
