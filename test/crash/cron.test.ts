import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CronDuty } from '../../runtime/coordination/cron-duty.ts'
import type { DutyTerm } from '../../runtime/coordination/duty.ts'
import { pause, systemClock } from '../../runtime/model/clock.ts'
import type { Run } from '../../runtime/model/run.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { LedgerLine } from '../../runtime/store/schedules.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { leaderRole } from '../../runtime/store/terms.ts'
import { createLogger } from '../../runtime/worker/logger.ts'
import { connect, defineJob, type Jobs } from '../../sdk/index.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { newFleetStore, storeKinds } from '../support/fleet/store-kinds.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { newWorker } from '../support/stores/store-inputs.ts'

const kills = provingNumber('DURABLE_JOBS_PROVE_CRON', 4)
const perKillMs = 6_000
const second = 1_000
const terms = { termMs: 1_500, renewEveryMs: 500, cutOffMs: 1_000 }
const everySecond = { cron: '* * * * * *', missed: 'all', overlap: 'allow', cap: 1_000 } as const

describe.each(storeKinds)('%s', (store) => {
  test(
    `each tick fires once and the ledger has no gap while the leader, or every worker, is killed or drained ${kills} times around ticks`,
    async () => {
      const random = new SeededRandom(41)
      const fleet = await Fleet.open(store)
      for (let i = 0; i < 3; i++) await fleet.start({ terms })
      await fleet.client.schedules.put('tick', fleet.jobs.chain, {
        ...everySecond,
        input: { steps: 1, ms: 0 },
      })
      for (let i = 0; i < kills; i++) {
        const leader = await leaderOf(fleet)
        await around(systemClock.now(), random.between(-200, 200))
        const everybody = i % 4 === 3
        for (const victim of everybody ? fleet.alive : [leader]) {
          victim.signal(i % 2 === 0 && !everybody ? 'SIGTERM' : 'SIGKILL')
        }
        // No worker leads for longer than a tick: missed ticks are caught up.
        if (everybody) await wait(1.5 * second)
        await Promise.all(Array.from({ length: everybody ? 3 : 1 }, () => fleet.start({ terms })))
      }
      const ticks = await completeLedger(fleet.client, 2)
      expect(fleet.crashes).toEqual([])
      tell(store, ticks)
    },
    300_000 + kills * perKillMs,
  )

  test('two concurrent leaders with one fence and separate connections fire each tick once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-cron-'))
    const { options } = await newFleetStore(store, folder)
    const stores = [await openStore(parseStoreConfig(options)), await openStore(parseStoreConfig(options))]
    const client = await connect(options)
    onTestFinished(async () => {
      await Promise.all([client.close(), ...stores.map((one) => one.close())])
      rmSync(folder, { recursive: true, force: true })
    })
    const fence = await forcedTerm(stores[0])
    const job = defineJob<{ steps: number }>({ name: 'tick' }, () => undefined)
    await client.schedules.put('tick', job, { ...everySecond, input: { steps: 1 } })
    const over = new AbortController()
    const work = stores.map((one) =>
      new CronDuty(one, createLogger({ level: 'error' })).work(termOf(fence, over.signal)),
    )
    await completeLedger(client, 4)
    over.abort()
    await Promise.all(work)
  })
})

/** Waits until this many ms after (or before) a whole second in the near future. */
async function around(now: number, offsetMs: number): Promise<void> {
  const tick = Math.ceil(now / second + 0.3) * second
  await wait(tick + offsetMs - now)
}

async function leaderOf(fleet: Fleet): Promise<Member> {
  for (;;) {
    const leaders = await fleet.client.inspector.leaders()
    const leader = leaders.find(({ role }) => role === leaderRole)?.worker
    const member = fleet.alive.find(({ pid }) => leader?.includes(`:${pid}:`))
    if (member !== undefined) return member
    await wait(20)
  }
}

async function forcedTerm(store: Store | undefined): Promise<number> {
  const worker = newWorker({ leaseMs: 600_000 })
  await store?.register(worker)
  const answer = await store?.campaign(leaderRole, worker.lease, 600_000)
  if (answer?.kind !== 'leading') throw new Error('there is another leader')
  return answer.term
}

function termOf(fence: number, signal: AbortSignal): DutyTerm {
  return { fence, signal, beat: () => undefined, pause: (ms) => pause(systemClock, ms, signal) }
}

/**
 * Pauses once `more` further ticks have fired. Returns the ledger's entry of each tick until then, oldest first: every tick
 * since the first one has one entry, in order, and one run.
 */
async function completeLedger(jobs: Jobs, more: number): Promise<LedgerLine[]> {
  const fired = async (): Promise<LedgerLine[]> => {
    const lines = await jobs.inspector.ledger('tick', { limit: 1_000 })
    expect(lines.length).toBeLessThan(1_000)
    return lines.filter(({ tick, why }) => tick !== undefined && why !== 'paused').reverse()
  }
  const enough = (await fired()).length + more
  while ((await fired()).length < enough) await wait(50)
  await jobs.schedules.pause('tick')
  const ticks = await fired()
  const first = ticks[0]?.tick ?? 0
  expect(ticks.map(({ tick }) => tick)).toEqual(ticks.map((_, i) => first + i * second))
  for (const { outcome } of ticks) expect(['fired', 'late', 'caught up']).toContain(outcome)
  const runs = await settledRuns(jobs, ticks.length)
  expect(runs.map(({ scheduledFor }) => scheduledFor).reverse()).toEqual(ticks.map(({ tick }) => tick))
  return ticks
}

/** The runs of the schedule, newest first: a page may miss a run that a worker claims while the page is read. */
async function settledRuns(jobs: Jobs, atLeast: number): Promise<readonly Run[]> {
  for (;;) {
    const { runs } = await jobs.inspector.runs({ limit: 1_000 })
    if (runs.length >= atLeast) return runs
    await wait(50)
  }
}

function tell(store: string, ticks: readonly LedgerLine[]): void {
  const lateMs = ticks.map(({ at, tick = at }) => at - tick)
  printEvidence({
    measure: 'each tick fired once, the leader killed or drained around ticks',
    store,
    kills,
    ticks: ticks.length,
    'caught up': ticks.filter(({ outcome }) => outcome === 'caught up').length,
    'median ms after the tick': percentile(lateMs, 0.5),
    'p99 ms': percentile(lateMs, 0.99),
    'most ms': Math.max(...lateMs),
  })
}
