import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { FaultProxy, type Hits } from '../support/redis/fault-proxy.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { Crew } from './crew.ts'
import { mixedResult } from './fault-jobs.ts'
import { Load } from './load.ts'

const seconds = provingNumber('DURABLE_JOBS_PROVE_FAULT_SECONDS', 5)
const seed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
/** The maximum of stalls and refusals, and the delay after which a request may be executed once more (R34). */
const maxMs = seconds < 60 ? 1_000 : 5_000
/** Longer faults are rarer, so that most of the time a connection works. */
const rarely = 1_000 / maxMs
const rates = {
  everyMs: 60,
  maxMs,
  cutReplies: 0.2,
  holdBack: 0.1,
  duplicate: 0.1,
  delay: 0.1 * rarely,
  dropAll: 0.04,
  stall: 0.02 * rarely,
  refuse: 0.02 * rarely,
} as const

test(
  'runs end once each, whatever the network does to workers and callers',
  async () => {
    const server = await sharedRedisServer()
    const [workers, callers] = await Promise.all([
      FaultProxy.start(server.port),
      FaultProxy.start(server.port),
    ])
    onTestFinished(async () => {
      await Promise.all([workers.close(), callers.close()])
    })
    const crew = await Crew.open(server.url)
    for (let i = 0; i < 3; i++) await crew.hire(workers.url, { concurrency: 8 })
    const caller = await crew.connect(callers.url)

    const random = new SeededRandom(seed)
    const chaos = [workers, callers].map((proxy) => proxy.chaos(() => random.next(), rates))
    const load = new Load(crew, caller)
    await wait(seconds * 1_000)
    for (const one of chaos) one.stop()
    await load.stop()
    expect(new Set((await load.results()).map(String))).toEqual(new Set([String(mixedResult)]))

    expect(await crew.violations(load.ids), `again: DURABLE_JOBS_PROVE_SEED=${seed}`).toEqual([])
    const hits = sumOf(workers.hits, callers.hits)
    expect(Math.min(hits.cutReplies, hits.heldBack, hits.duplicated)).toBeGreaterThan(0)
    printEvidence({
      measure: 'runs under a network that cuts, stalls, drops, delays, repeats and refuses',
      ...{
        seconds,
        seed,
        runs: load.ids.length,
        latestMs: maxMs,
        losses: await crew.losses(load.ids),
        ...hits,
      },
    })

    // No worker holds a connection that it no longer tracks.
    await Promise.all([crew.stopWorkers(), caller.close()])
    const connections = () => workers.connections + callers.connections
    await expect.poll(connections).toBe(0)
  },
  300_000 + seconds * 1_000,
)

function sumOf(one: Readonly<Hits>, other: Readonly<Hits>): Hits {
  const names = Object.keys(one) as (keyof Hits)[]
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as unknown as Hits
}
