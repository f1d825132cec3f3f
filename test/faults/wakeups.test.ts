import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import type { Settlement } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { programFile } from '../support/processes/program-file.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { completed, TestWorker } from '../support/stores/test-worker.ts'
import { Crew } from './crew.ts'

const workers = 50
const enqueues = provingNumber('DURABLE_JOBS_PROVE_ENQUEUES', 300)
const fewQueued = 1_000
const manyQueued = provingNumber('DURABLE_JOBS_PROVE_QUEUED', 5_000)
const maxClaimsEach = 3
const idleMs = 1_000
/** Fifty workers start slowly on a machine that has other things to do. */
const patienceMs = 300_000

async function started(): Promise<RedisServer> {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  return server
}

test(
  `one enqueue to ${workers} idle workers costs few claims`,
  async () => {
    const server = await started()
    const crew = await Crew.open(server.url)
    const children = await Promise.all([1, 2].map(() => idleWorkers(server.url, crew.namespace)))
    const idle = new Keys(crew.namespace).of('idle')
    await expect.poll(() => server.command('HLEN', idle)).toBe(workers)

    await server.command('CONFIG', 'RESETSTAT')
    await wait(idleMs)
    const resting = await scriptStats(server)

    await Promise.all(children.map((child) => asked(child, 'reset')))
    const before = performance.now()
    for (let i = 0; i < enqueues; i++) await crew.client.enqueue(crew.jobs.chain, { steps: 1 })
    const ended = new Keys(crew.namespace).of('endedCompleted')
    await expect.poll(() => server.command('LLEN', ended)).toBe(enqueues)
    const took = performance.now() - before
    const counts = await Promise.all(children.map((child) => asked(child, 'claims')))
    const claims = counts.reduce((sum, count) => sum + count, 0)
    const waits = (await crew.client.inspector.throughput(10)).reduce((sum, cell) => sum + cell.wait.sumMs, 0)
    printEvidence({
      measure: `claims per enqueue, ${enqueues} one after the other, ${workers} idle workers in two processes`,
      claims: claims / enqueues,
      enqueuesPerSecond: Math.round((enqueues / took) * 1_000),
      meanWaitMs: waits / enqueues,
      idleScriptsPerSecond: Math.round((resting.calls / idleMs) * 1_000),
      idleShareOfServer: `${((resting.us / idleMs / 1_000) * 100).toFixed(1)} %`,
    })
    expect(claims / enqueues).toBeLessThanOrEqual(maxClaimsEach)
  },
  patienceMs,
)

/** Starts a process with half of the workers; it ends with the test. */
async function idleWorkers(url: string, namespace: string): Promise<ChildProcess> {
  const file = programFile('test/faults/idle-workers.ts')
  const child = fork(file, [url, namespace, String(workers / 2)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

/** The claims of a process since its count was reset. */
async function asked(child: ChildProcess, question: 'reset' | 'claims'): Promise<number> {
  const answer = once(child, 'message')
  child.send(question)
  const [{ claims }] = (await answer) as [{ readonly claims: number }]
  return claims
}

/** Executions of scripts since the last RESETSTAT, and the µs they took. */
async function scriptStats(server: RedisServer): Promise<{ calls: number; us: number; usPerCall: number }> {
  const stats = String(await server.command('INFO', 'commandstats'))
  const [, calls, us] = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(stats) ?? []
  return { calls: Number(calls), us: Number(us), usPerCall: Number(us) / Number(calls) }
}

/** A worker, and this many runs that wait for it. */
async function queued(server: RedisServer, runs: number): Promise<TestWorker> {
  const config = parseStoreConfig({ url: server.url, namespace: `queued-${randomUUID()}` })
  const store = await openStore(config)
  onTestFinished(() => store.close())
  for (let i = 0; i < runs; i += 500) {
    await store.enqueue(Array.from({ length: Math.min(500, runs - i) }, () => newRun({ id: randomUUID() })))
  }
  return TestWorker.register(store)
}

/** The server time of a claim that settles the run of the previous one, in µs. */
async function costOfClaims(server: RedisServer, worker: TestWorker, claims: number): Promise<number> {
  let settle: Settlement[] = []
  await server.command('CONFIG', 'RESETSTAT')
  for (let i = 0; i < claims; i++) {
    const { runs } = await worker.claimReply(1, settle)
    settle = runs.map((run) => worker.settlement(run, completed))
  }
  await worker.claimReply(0, settle)
  return (await scriptStats(server)).usPerCall
}

test(
  'a claim costs about the same however many runs are queued',
  async () => {
    const server = await started()
    const [few, many] = [await queued(server, fewQueued), await queued(server, manyQueued)]
    const costs: { few: number; many: number }[] = []
    await costOfClaims(server, few, 20)
    await costOfClaims(server, many, 20)
    for (let round = 0; round < 9; round++) {
      costs.push({ few: await costOfClaims(server, few, 50), many: await costOfClaims(server, many, 50) })
    }
    const median = (of: 'few' | 'many') =>
      percentile(
        costs.map((cost) => cost[of]),
        0.5,
      )
    printEvidence({
      measure: `cost of one claim, ${manyQueued} queued runs beside ${fewQueued}, medians of 9 × 50`,
      ratio: Number((median('many') / median('few')).toFixed(2)),
      [`µs at ${fewQueued}`]: Math.round(median('few')),
      [`µs at ${manyQueued}`]: Math.round(median('many')),
    })
    expect(costs.every(({ few, many }) => few > 0 && many > 0)).toBe(true)
  },
  patienceMs,
)
