import type { TermTimes } from '../../../runtime/coordination/elector.ts'
import type { Middleware } from '../../../runtime/model/middleware.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { StoreOptions } from '../../../runtime/store/store-config.ts'
import { leaderRole } from '../../../runtime/store/terms.ts'
import { createLogger } from '../../../runtime/worker/logger.ts'
import { Worker } from '../../../runtime/worker/worker.ts'
import { parseWorkerOptions, type WorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { BodyLog } from './body-log.ts'
import { crashJobs, jobList } from './crash-jobs.ts'
import { Killer, type KillPoint, replaceCalls } from './kill-point.ts'
import { GuardedStore, leaderWork } from './leader-work.ts'

/** The parent's order to a worker process: one argument, as JSON. */
export interface WorkerSpec {
  readonly store: StoreOptions
  readonly bodyLog: string
  readonly killPoint?: KillPoint
  /** Left out: as by default. */
  readonly terms?: TermTimes
  /** The file of the guarded store, if the worker should do the work of a leader. */
  readonly guarded?: string
  readonly options?: Pick<WorkerOptions, 'lease' | 'stopTimeout' | 'maxBlocked' | 'concurrency' | 'queues'>
}

// The parent has died: no other process would end this one.
process.on('disconnect', () => process.exit())

const spec = JSON.parse(process.argv[2] ?? '') as WorkerSpec
const bodyLog = new BodyLog(spec.bodyLog)
const killer = new Killer(spec.killPoint, bodyLog)

const settled: Middleware = {
  run: async ({ run }, next) => {
    const end = await next()
    bodyLog.write('settled', { run: run.id, note: end.outcome })
    return end
  },
}

const parsed = parseWorkerOptions({
  store: spec.store,
  jobs: jobList(crashJobs(bodyLog, killer)),
  middleware: [settled],
  logger: createLogger({ stream: process.stderr, level: 'warn' }),
  ...spec.options,
})
const config = { ...parsed, terms: spec.terms ?? parsed.terms }
let renew = async (_fence: number): Promise<string> => 'never registered'
const worker = new Worker(config, async ({ store, clock }) => {
  const opened = await openStore(store, { clock })
  return replaceCalls(killer.wrap(opened), {
    register: async (newWorker) => {
      await opened.register(newWorker)
      renew = (fence) => opened.renewTerm(leaderRole, fence, newWorker.lease, {})
      process.send?.('ready')
    },
  })
})
if (spec.guarded !== undefined) {
  const deps = { worker, bodyLog, renew: (fence: number) => renew(fence) }
  worker.onLeader(leaderWork(new GuardedStore(spec.guarded), deps))
}
process.exitCode = await worker.run()
process.disconnect()
