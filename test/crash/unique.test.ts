import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import type { Run } from '../../runtime/model/run.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { Enqueuers } from './enqueuers.ts'

const processes = 4
const enqueuesAtOnce = 200
const bursts = provingNumber('DURABLE_JOBS_PROVE_BURSTS', 2)
const wantedRuns = provingNumber('DURABLE_JOBS_PROVE_RUNS', 25)
const seed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
const wantedEnds = Math.max(4, wantedRuns / 20)
const keys = ['a', 'b', 'c']
const maxMs = 10 * 60_000

describe.each(storeKinds)('%s', (store) => {
  const figures = { bursts: 0, enqueues: 0, runs: 0, kills: 0, drains: 0 }

  test(
    `${enqueuesAtOnce} concurrent enqueues of one key from ${processes} processes create one run`,
    async () => {
      const fleet = await Fleet.open(store)
      const enqueuers = await Enqueuers.start(fleet, processes)
      const count = enqueuesAtOnce / processes
      const begun = new Set<string>()
      for (let i = 0; i < bursts; i++) {
        const input = { key: `burst ${i}`, steps: 1, ms: 0 }
        const { created, joined, other } = await enqueuers.order({ kind: 'burst', count, input })
        expect(other).toEqual([])
        expect(created).toHaveLength(1)
        expect(joined).toHaveLength(enqueuesAtOnce - 1)
        expect(new Set(joined)).toEqual(new Set(created))
        expect((await fleet.client.unique.holder(fleet.jobs.sole, input))?.id).toBe(created[0])
        for (const id of created) begun.add(id)
      }
      const { runs } = await fleet.client.inspector.runs({ limit: bursts + 1 })
      expect(new Set(runs.map(({ id }) => id))).toEqual(begun)
      figures.bursts = bursts
    },
    maxMs,
  )

  test('the key stays with the run of a killed or drained worker; the end of the run frees it at once', async () => {
    const fleet = await Fleet.open(store)
    const { sole } = fleet.jobs
    const input = { key: 'a', steps: 6, ms: 60 }
    const first = await fleet.start()
    const handle = await fleet.client.enqueue(sole, input)
    const inStep = (step: string): Promise<unknown> =>
      fleet.bodyLog.until(({ moment, path }) => moment === 'start' && path === step)
    const joins = async (): Promise<void> => {
      expect((await fleet.client.enqueue(sole, input)).id).toBe(handle.id)
      expect((await fleet.client.unique.holder(sole, input))?.id).toBe(handle.id)
    }
    await inStep('s2')
    await joins()
    first.signal('SIGKILL')
    await first.exited
    await joins()
    const second = await fleet.start()
    await inStep('s4')
    await joins()
    second.signal('SIGTERM')
    expect(await second.exited).toEqual({ code: 0, signal: null })
    await joins()
    await fleet.start()
    const pids = await handle.result({ timeout: '2m' })
    expect(new Set(pids).size).toBe(3)
    expect(await fleet.client.unique.holder(sole, input)).toBeUndefined()
    expect((await fleet.client.enqueue(sole, input)).id).not.toBe(handle.id)
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test(
    'no two runs of a key overlap under continuous enqueues, kills and drains',
    async () => {
      const random = new SeededRandom(seed)
      const fleet = await Fleet.open(store)
      const enqueuers = await Enqueuers.start(fleet, processes)
      for (let i = 0; i < 2; i++) await fleet.start()
      const inputs = keys.map((key) => ({ key, steps: 3, ms: 10 }))
      const looping = enqueuers.order({ kind: 'loop', inputs })
      for (let ends = 0; ends < wantedEnds || (await ended(fleet)).length < wantedRuns; ) {
        await wait(random.between(100, 400))
        const working = fleet.alive.filter(({ works }) => works)
        if (working.length < 2) continue
        const victim = random.pick(working)
        const drains = random.next() < 0.3
        victim.signal(drains ? 'SIGTERM' : 'SIGKILL')
        figures[drains ? 'drains' : 'kills']++
        ends++
        await Promise.all([victim.exited, fleet.start()])
      }
      enqueuers.stop()
      const { created, joined, other } = await looping
      expect(other).toEqual([])
      for (const id of created) await fleet.client.run(id).result({ timeout: '2m' })

      const runs = await ended(fleet)
      const ids = new Set(runs.map(({ id }) => id))
      expect(ids).toEqual(new Set(created))
      expect(joined.filter((id) => !ids.has(id))).toEqual([])
      expect(overlaps(runs)).toEqual([])
      expect(await findViolations(fleet, created)).toEqual([])
      figures.runs += created.length
      figures.enqueues += created.length + joined.length
    },
    maxMs,
  )

  afterAll(() => printEvidence({ measure: 'unique runs', store, ...figures }))
})

type Ended = Run & { readonly endedAt: number }

/** Runs that have ended, oldest first. */
async function ended({ client }: Fleet): Promise<Ended[]> {
  const found: Run[] = []
  for (let cursor: string | undefined; ; ) {
    const at = cursor === undefined ? {} : { cursor }
    const page = await client.inspector.runs({ limit: 1_000, states: ['completed'], ...at })
    found.push(...page.runs)
    cursor = page.cursor
    if (cursor === undefined) return found.filter((run): run is Ended => 'endedAt' in run).reverse()
  }
}

/** Pairs of one key of which the second began before the first had ended, by the store's clock. */
function overlaps(runs: readonly Ended[]): string[] {
  return keys.flatMap((key) => {
    const own = runs.filter(({ unique }) => unique?.key === key)
    return own.flatMap((run, i) => {
      const before = own[i - 1]
      return before === undefined || before.endedAt <= run.enqueuedAt ? [] : [`${before.id} and ${run.id}`]
    })
  })
}
