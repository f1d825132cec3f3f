import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { LimiterRule } from '../../runtime/model/limiter.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import { costs, ratesOfJobs } from '../support/fleet/limited-jobs.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'

const seconds = provingNumber('DURABLE_JOBS_PROVE_RATE_SECONDS', 3)
const workers = 4
const perSecond = 50
type Kind = keyof typeof ratesOfJobs
const kinds = Object.keys(ratesOfJobs) as readonly Kind[]

describe.each(storeKinds)('%s', (store) => {
  test(
    `all rates at once in ${workers} processes, ${seconds} s: never exceeded by the store's clock`,
    async () => {
      const fleet = await Fleet.open(store)
      // Enough for a burst at the start and for the duration of the stop.
      const runs = perSecond * (seconds + 8)
      for (const kind of kinds) {
        for (let left = runs; left > 0; left -= 500) {
          await fleet.client.enqueueMany(fleet.jobs[kind], new Array(Math.min(500, left)).fill(undefined))
        }
      }
      const members = Array.from({ length: workers }, () => fleet.spawn({ options: { concurrency: 10 } }))
      await Promise.all(members.map(({ ready }) => ready))
      await wait(seconds * 1_000 + 500)
      // On a busy machine later: a history of one burst would prove little.
      for (const kind of kinds) {
        await expect.poll(async () => (await startsOf(fleet, kind)).length).toBeGreaterThan(perSecond)
      }
      for (const member of members) member.signal('SIGTERM')
      await Promise.all(members.map(({ exited }) => exited))

      for (const kind of kinds) {
        const starts = await startsOf(fleet, kind)
        const { rule } = ratesOfJobs[kind]
        expect(overs(rule, costs[kind], starts), kind).toEqual([])
        // The last workers to be ready do not count for the earlier ones.
        const share = usedShare(rule, costs[kind], starts, (starts[0] ?? 0) + seconds * 1_000)
        printEvidence({
          measure: `${kind} in ${workers} processes, ${seconds} s`,
          store,
          starts: starts.length,
          'used %': Math.round(share * 1_000) / 10,
        })
      }
    },
    300_000 + seconds * 3_000,
  )
})

/** When its runs started, by the store's clock, in order. */
async function startsOf({ client, jobs }: Fleet, kind: Kind): Promise<readonly number[]> {
  const starts: number[] = []
  let cursor: string | undefined
  do {
    const page = await client.inspector.runs({
      job: jobs[kind].name,
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const { startedAt } of page.runs) if (startedAt !== undefined) starts.push(startedAt)
    cursor = page.cursor
  } while (cursor !== undefined)
  return starts.sort((a, b) => a - b)
}

/** Times at which more had started than the rule allows. */
function overs(rule: LimiterRule, cost: number, starts: readonly number[]): readonly number[] {
  const { max, everyMs, refill } = rule
  const begin = (at: number): number => (rule.kind === 'fixedWindow' ? at - (at % everyMs) : at - everyMs + 1)
  let bucket = max * everyMs
  return starts.filter((at, i) => {
    if (refill === 0) return starts.slice(0, i + 1).filter((start) => start >= begin(at)).length * cost > max
    const passed = at - (starts[i - 1] ?? at)
    bucket = Math.min(max * everyMs, bucket + passed * refill) - cost * everyMs
    return bucket < 0
  })
}

/** The starts, as a share of those that the rule allowed from the first start until `end`. */
function usedShare(rule: LimiterRule, cost: number, starts: readonly number[], end: number): number {
  const { kind, max, everyMs, refill } = rule
  const first = starts[0] ?? end
  const within = (from: number, to: number): number =>
    starts.filter((at) => at >= from && at < to).length * cost
  if (kind === 'fixedWindow') {
    const [from, to] = [Math.ceil(first / everyMs) * everyMs, Math.floor(end / everyMs) * everyMs]
    return within(from, to) / (((to - from) / everyMs) * max)
  }
  if (kind === 'slidingWindow') return within(first, end) / (Math.ceil((end - first) / everyMs) * max)
  return within(first, end) / (max + ((end - first) * refill) / everyMs)
}
