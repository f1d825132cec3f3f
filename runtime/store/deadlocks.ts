import type { RunId } from '../model/run-id.ts'
import type { StepPath } from '../model/step-path.ts'
import type { KeyWeight, LimitWait, SuspendedRun, WaitGraph } from './wait-graph.ts'

/** Runs of which none can continue before another one of them ends, each with what it waits for. */
export interface Deadlock {
  readonly runs: readonly DeadlockedRun[]
}

export interface DeadlockedRun {
  readonly id: RunId
  readonly path: StepPath
  readonly limiter: string
  readonly key: string
  /** Runs of the deadlock that hold that key, or are ahead on its waitlist. */
  readonly waitsFor: readonly RunId[]
  readonly holds: readonly KeyWeight[]
}

/** Returns the deadlocks in a snapshot (WG1 to WG3), each once; `of`: only those that hold up this run. */
export function findDeadlocks({ runs }: WaitGraph, of?: RunId): Deadlock[] {
  const stuck = stuckRuns(runs)
  const blocks = new Map([...stuck.values()].map((run) => [run.id, blockOf(run, stuck)]))
  const reach = new Map([...stuck.keys()].map((id) => [id, reachable(id, blocks)]))
  const isMutual = (id: RunId): boolean =>
    [...(reach.get(id) ?? [])].every((other) => reach.get(other)?.has(id))
  const seen = new Set<RunId>()
  const deadlocks: Deadlock[] = []
  const among = of === undefined ? stuck.keys() : [of, ...(reach.get(of) ?? [])].filter((id) => stuck.has(id))
  for (const id of [...among].sort()) {
    if (seen.has(id) || !isMutual(id)) continue
    const members = [...(reach.get(id) ?? [])]
    for (const member of members) seen.add(member)
    deadlocks.push({
      runs: inOrder(id, members, blocks).map((member) => deadlockedRun(member, stuck, blocks)),
    })
  }
  return deadlocks
}

/** Identifies a deadlock, so that the same one is reported once. */
export function deadlockName({ runs }: Deadlock): string {
  return runs.map(({ id, path, limiter, key }) => [id, path, limiter, key].join('\0')).join('\0\0')
}

type Stuck = ReadonlyMap<RunId, SuspendedRun>

interface Block {
  readonly path: StepPath
  readonly limiter: string
  readonly key: string
  readonly by: readonly RunId[]
}

/** WG1: starts with all waiters and removes those that can continue without the rest, until none is left that can. */
function stuckRuns(runs: readonly SuspendedRun[]): Stuck {
  const stuck = new Map(runs.map((run) => [run.id, run]))
  for (let before = -1; before !== stuck.size; ) {
    before = stuck.size
    for (const run of stuck.values()) {
      const waits = run.waits.length > 0 && run.waits.every((wait) => blockOfWait(wait, stuck) !== undefined)
      if (!waits) stuck.delete(run.id)
    }
  }
  return stuck
}

function blockOf(run: SuspendedRun, stuck: Stuck): Block | undefined {
  return run.waits.map((wait) => blockOfWait(wait, stuck)).find((block) => block !== undefined)
}

function blockOfWait({ path, needs, behind }: LimitWait, stuck: Stuck): Block | undefined {
  for (const { limiter, key, weight, max } of needs) {
    const by = holdersOf(limiter, key, stuck)
    const kept = by.reduce((sum, holder) => sum + holder.weight, 0)
    if (by.length > 0 && max - kept < weight) return { path, limiter, key, by: by.map(({ id }) => id) }
  }
  const first = behind && stuck.get(behind.run)
  if (behind === undefined || first === undefined) return undefined
  const { limiter, key } = behind
  // Only holders keep the first waiter there, or it would have moved on.
  const held = first.waits.some((wait) => {
    const block = blockOfWait({ path: wait.path, needs: wait.needs }, stuck)
    return block?.limiter === limiter && block.key === key
  })
  return held ? { path, limiter, key, by: [behind.run] } : undefined
}

function holdersOf(limiter: string, key: string, stuck: Stuck): { id: RunId; weight: number }[] {
  return [...stuck.values()].flatMap(({ id, holds }) =>
    holds
      .filter((hold) => hold.limiter === limiter && hold.key === key)
      .map(({ weight }) => ({ id, weight })),
  )
}

/** Runs that one waits for, directly or through others. */
function reachable(from: RunId, blocks: ReadonlyMap<RunId, Block | undefined>): Set<RunId> {
  const found = new Set<RunId>(blocks.get(from)?.by)
  for (const id of found) for (const next of blocks.get(id)?.by ?? []) found.add(next)
  return found
}

/** Follows one wait after the other; then the runs that are left. */
function inOrder(
  first: RunId,
  members: readonly RunId[],
  blocks: ReadonlyMap<RunId, Block | undefined>,
): RunId[] {
  const ordered = new Set<RunId>()
  for (let next: RunId | undefined = first; next !== undefined; ) {
    ordered.add(next)
    next = blocks.get(next)?.by.find((id) => !ordered.has(id))
  }
  return [...new Set([...ordered, ...members])]
}

function deadlockedRun(
  id: RunId,
  stuck: Stuck,
  blocks: ReadonlyMap<RunId, Block | undefined>,
): DeadlockedRun {
  const { path = '', limiter = '', key = '', by = [] } = blocks.get(id) ?? {}
  return { id, path, limiter, key, waitsFor: by, holds: stuck.get(id)?.holds ?? [] }
}
