import type { Clock } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import type { RunId } from '../../model/run-id.ts'
import { lastingOutages } from '../../model/store-outage.ts'
import { untilReplied } from '../../model/until-replied.ts'
import type { ActionChunk, ActionInfo } from '../../store/actions.ts'
import type { Store } from '../../store/store.ts'
import { nextChunk } from './next-chunk.ts'
import { Pacer } from './pacer.ts'

/** The state of an action after its start or a chunk. */
export interface ActionProgress {
  readonly action: ActionInfo
  /**
   * The runs that this chunk was applied to; empty if that is unknown: another process was first, too many were
   * refused, or some were not the action's runs.
   */
  readonly runs: readonly RunId[]
}

export interface Course {
  /** Runs per millisecond. */
  readonly perMs: number | undefined
  readonly limit: number
  readonly onProgress: ((progress: ActionProgress) => void) | undefined
  readonly signal: AbortSignal
}

interface Deps {
  readonly store: Store
  readonly clock: Clock
}

/** The call ends if the store is unavailable for longer; the action can be continued. */
const patienceMs = 30_000

/** Carries an action out from its cursor: to its end, `limit` runs, or the abort of the signal. */
export async function carryOut(deps: Deps, begun: ActionInfo, course: Course): Promise<ActionInfo> {
  const { perMs, limit, onProgress, signal } = course
  const pacer = new Pacer(deps.clock, perMs)
  let action = begun
  let done = 0
  while (stands(action) && done < limit) {
    await pacer.turn(signal)
    if (signal.aborted) break
    const before: Standing = action
    const size = Math.min(pacer.chunkRuns, limit - done)
    const apply = async () => {
      const chunk = await nextChunk(deps.store, before, size)
      return { chunk, after: await deps.store.applyAction(chunk) }
    }
    // Chunks may be repeated, so a short outage is waited out.
    const onFailure = throwUnlessShort(deps.clock, before)
    const applied = await untilReplied(apply, { clock: deps.clock, over: signal, onFailure }, undefined)
    if (applied === undefined) break
    action = applied.after
    done += action.done - before.done
    pacer.count(action.done - before.done)
    onProgress?.({ action, runs: appliedTo(before, applied.chunk, action) })
  }
  return action
}

type Standing = ActionInfo & { readonly cursor: string }

function stands(action: ActionInfo): action is Standing {
  return action.cursor !== undefined
}

/** Returns the runs of a chunk that were not refused, if this chunk brought the action to its current cursor. */
function appliedTo(before: ActionInfo, chunk: ActionChunk, after: ActionInfo): readonly RunId[] {
  if (after.cursor !== chunk.next) return []
  const refused = new Set(after.refusals.slice(before.refusals.length).map(({ run }) => run))
  const runs = chunk.runs.flatMap(({ run }) => (refused.has(run) ? [] : [run]))
  return runs.length === after.done - before.done ? runs : []
}

/** Throws all but outages, and those that last. */
function throwUnlessShort(clock: Clock, action: ActionInfo): (error: unknown) => void {
  const start = clock.elapsed()
  return (error) => {
    if (!StoreUnavailableError.is(error)) throw error
    const lasts = lastingOutages.includes(error.kind) || clock.elapsed() - start > patienceMs
    if (lasts) throw stopped(error, action)
  }
}

function stopped(error: StoreUnavailableError, { id, done }: ActionInfo): StoreUnavailableError {
  return new StoreUnavailableError(
    `${error.message}; action ${id} had done ${done} runs; jobs.actions.continue('${id}') continues it`,
    { kind: error.kind, cause: error },
  )
}
