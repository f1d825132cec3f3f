import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import type { StoreOptions } from '../../runtime/store/store-config.ts'
import { createLogger } from '../../runtime/worker/logger.ts'
import { Worker } from '../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../runtime/worker/worker-options.ts'
import type { RunId } from '../../sdk/index.ts'
import { BodyLog } from '../support/fleet/body-log.ts'
import { kill, replaceCalls } from '../support/fleet/kill-point.ts'
import { RaceDirector } from './race-director.ts'
import { raceJob } from './race-job.ts'

/** The parent's order to a worker process: its first argument, as JSON. */
export interface RaceSpec {
  readonly store: StoreOptions
  readonly bodyLog: string
  readonly generation: number
  /** Kills itself once each of these runs has ended, or is at its kill point. */
  readonly runs: readonly RunId[]
}

// The parent has died: no other process would end this one.
process.on('disconnect', () => process.exit())

const { generation, runs, ...spec } = JSON.parse(process.argv[2] ?? '') as RaceSpec
const bodyLog = new BodyLog(spec.bodyLog)

/** Kills this process when all its runs are at their kill points, with the store in the state that their deaths need. */
class Killing {
  readonly #directors = new Map<RunId, RaceDirector>()
  readonly #going = new Set(runs)
  #endsUnseen = 0

  begin(run: RunId, seed: number): RaceDirector {
    const director = new RaceDirector({ seed, generation, onFrozen: () => this.stands(run) })
    this.#directors.set(run, director)
    return director
  }

  /** The run has ended, or is frozen. */
  stands(run: RunId): void {
    this.#going.delete(run)
    if (this.#going.size > 0) return
    const all = [...this.#directors.values()]
    this.#endsUnseen = all.reduce((sum, { pendingEnds }) => sum + pendingEnds, 0)
    if (this.#endsUnseen === 0) kill(bodyLog)
    for (const director of all) director.endPending()
  }

  /** From the last ends on, the store gets only the planned writes, and the worker sees no reply. */
  wrap(store: Store): Store {
    const commit: Store['commit'] = async (lease, entries) => {
      if (this.#going.size > 0) return store.commit(lease, entries)
      const sent = entries.filter(({ run }) => this.#directors.get(run)?.death === 'after commit')
      if (sent.length > 0) await store.commit(lease, sent)
      this.#endsUnseen -= entries.length
      if (this.#endsUnseen === 0) kill(bodyLog)
      return new Promise(() => undefined)
    }
    return replaceCalls(store, { commit })
  }
}

const killing = new Killing()
const job = raceJob((run, { seed }) => {
  const director = killing.begin(run, seed)
  return {
    called: (path) => director.called(path),
    released: (path) => director.released(path),
    body: (path) => director.body(path),
    ended: () => director.ended,
    decided: (path, note) => bodyLog.write('decided', { run, path, note }),
    returning: (outcome) => {
      bodyLog.write('returned', { run, note: JSON.stringify(outcome) })
      return director.returning()
    },
  }
})
const config = parseWorkerOptions({
  store: spec.store,
  jobs: [job],
  concurrency: runs.length,
  middleware: [
    {
      run: async ({ run }, next) => {
        const end = await next()
        bodyLog.write('settled', { run: run.id, note: end.outcome })
        killing.stands(run.id)
        return end
      },
    },
  ],
  logger: createLogger({ stream: process.stderr, level: 'error' }),
})
const worker = new Worker(config, async ({ store, clock }) => killing.wrap(await openStore(store, { clock })))
process.exitCode = await worker.run()
process.disconnect()
