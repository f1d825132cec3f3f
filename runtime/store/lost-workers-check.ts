import type { StoreCheck, WorkerInfo } from './store.ts'

/** Reports a dead worker that no live worker has cleared away, so that its runs stand still. */
export function lostWorkers(workers: readonly WorkerInfo[]): StoreCheck {
  const lost = workers.filter((worker) => worker.lost)
  const runs = lost.reduce((sum, { running }) => sum + running, 0)
  const live = `${workers.length - lost.length} live`
  if (lost.length === 0) return { name: 'workers', verdict: 'fine', found: live }
  const dead = `${live}, ${lost.length} dead, holding ${runs} ${runs === 1 ? 'run' : 'runs'}`
  return runs === 0
    ? { name: 'workers', verdict: 'fine', found: dead }
    : { name: 'workers', verdict: 'fault', found: dead, remedy: 'start a worker: it takes them over' }
}
