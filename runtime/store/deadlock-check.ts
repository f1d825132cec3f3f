import { type Deadlock, type DeadlockedRun, deadlockName, findDeadlocks } from './deadlocks.ts'
import type { Inspector, StoreCheck } from './store.ts'
import type { KeyWeight } from './wait-graph.ts'

/** The reads that a search for deadlocks needs. */
export type WaitGraphs = Pick<Inspector, 'waitGraph'>

const maxNamed = 5
/** In one search for all deadlocks: about a thousand waiters that keep slots. */
const maxPages = 50

/** Yields the deadlocks of a store, a snapshot of bounded size at a time; one may be found again. */
export async function* readDeadlocks(store: WaitGraphs): AsyncGenerator<readonly Deadlock[]> {
  let after: string | undefined
  for (let page = 0; page < maxPages; page++) {
    const graph = await store.waitGraph(after === undefined ? {} : { after })
    yield findDeadlocks(graph)
    after = graph.next
    if (after === undefined) return
  }
}

/** Reports runs that hold limiters for each other and wait for them. */
export async function deadlockCheck(store: WaitGraphs): Promise<StoreCheck> {
  const found = new Map<string, Deadlock>()
  for await (const deadlocks of readDeadlocks(store)) {
    for (const deadlock of deadlocks) found.set(deadlockName(deadlock), deadlock)
  }
  const [first, ...others] = found.values()
  if (first === undefined) return { name: 'deadlocks', verdict: 'fine', found: 'none' }
  const texts = [first, ...others].slice(0, maxNamed).map(deadlockText)
  const more = others.length + 1 - texts.length
  return {
    name: 'deadlocks',
    verdict: 'fault',
    found: texts.join('; ') + (more > 0 ? `; and ${more} more deadlocks` : ''),
    remedy: deadlockRemedy(first),
  }
}

/** Says which runs wait for each other. */
export function deadlockText({ runs }: Deadlock): string {
  const named = runs.slice(0, maxNamed).map(runText)
  const more = runs.length - named.length
  const all = named.join(', ') + (more > 0 ? `, and ${more} more runs` : '')
  return `${runs.length} runs wait for each other's limiters and can't go on: ${all}`
}

/** Says how to end a deadlock, and how to prevent it. */
export function deadlockRemedy({ runs }: Deadlock): string {
  return (
    `cancel a run of the deadlock (durable-jobs cancel ${runs[0]?.id}) and check again: where several hold one key, more than one ` +
    'may have to go; to prevent it, let all jobs take these limiters in one order (docs/flow-control.md)'
  )
}

function runText({ id, path, limiter, key, holds }: DeadlockedRun): string {
  const held = holds.length === 0 ? '' : `holds ${holds.map(keyText).join(' and ')} and `
  const where = path === '' ? '' : ` in step '${path}'`
  return `run ${id} ${held}waits for ${keyText({ limiter, key })}${where}`
}

function keyText({ limiter, key }: Pick<KeyWeight, 'limiter' | 'key'>): string {
  return key === '' ? `'${limiter}'` : `'${limiter}' of key '${key}'`
}
