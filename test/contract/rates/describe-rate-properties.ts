import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Limiter, limits } from '../../../runtime/model/limiter.ts'
import { newRun } from '../../support/stores/store-inputs.ts'
import type { StoreKind, StoreUnderTest } from '../../support/stores/store-under-test.ts'
import { completed, TestWorker } from '../../support/stores/test-worker.ts'
import {
  earliestStarts,
  fixedWindow,
  leakyBucket,
  points,
  type RateDefinition,
  type Start,
  slidingWindow,
  tokenBucket,
} from './rate-definition.ts'

const numRuns = Number(process.env.DURABLE_JOBS_PROVE_RATES ?? 25)
const maxTestMs = 30 * 60_000
const dayMs = 86_400_000

/** An arrival `gap` ms after the one before it; costs and holds are capped to the limit. */
interface Arrival {
  readonly gap: number
  readonly cost: number
  readonly holdMs: number
}

const most = fc.integer({ min: 1, max: 6 })
const period = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 900 }))
const back = fc.integer({ min: 1, max: 9 })
const arrivals = fc.array(
  fc.record({
    gap: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 900 })),
    cost: fc.oneof(fc.constant(1), most),
    holdMs: fc.integer({ min: 1, max: 300 }),
  }),
  { minLength: 3, maxLength: 30, size: 'max' },
)

const definitions = {
  fixedWindow: fc.tuple(most, period).map((numbers) => fixedWindow(...numbers)),
  slidingWindow: fc.tuple(most, period).map((numbers) => slidingWindow(...numbers)),
  tokenBucket: fc.tuple(most, back, period).map((numbers) => tokenBucket(...numbers)),
  leakyBucket: fc.tuple(most, back, period).map((numbers) => leakyBucket(...numbers)),
  points: fc.tuple(most, period).map((numbers) => points(...numbers)),
} satisfies Record<string, fc.Arbitrary<RateDefinition>>

/** Each start comes exactly when the definition of the limit allows it: never over, and never later than it could. */
export function describeRateProperties({ name, open }: StoreKind): void {
  describe(`limits by their definitions: ${name}`, () => {
    for (const [kind, definition] of Object.entries(definitions)) {
      test(
        `${kind}: ${numRuns} random sequences start when the definition says`,
        () =>
          prove(definition, open, async (under, rate, list) => {
            const arrived = arrivalsFrom(under.now(), list, rate.max)
            const expected = earliestStarts(rate, arrived)
            expect(await startsOf(under, rate.limiter, arrived)).toEqual(expected)
          }),
        maxTestMs,
      )
    }

    test(
      `concurrency: ${numRuns} random sequences start as soon as there is room`,
      () =>
        prove(most, open, async (under, max, list) => {
          const arrived = arrivalsFrom(under.now(), list, max)
          const limiter = limits.concurrency({ name: 'slots', max })
          expect(await startsOf(under, limiter, arrived)).toEqual(earliestWithRoom(max, arrived))
        }),
      maxTestMs,
    )
  })
}

function prove<T>(
  definition: fc.Arbitrary<T>,
  open: StoreKind['open'],
  body: (under: StoreUnderTest, definition: T, list: readonly Arrival[]) => Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(definition, arrivals, async (defined, list) => {
    const under = await open()
    try {
      await body(under, defined, list)
    } finally {
      await under.close()
    }
  })
  return fc.assert(property, { numRuns })
}

interface Arrived extends Start {
  readonly holdMs: number
}

function arrivalsFrom(now: number, list: readonly Arrival[], max: number): readonly Arrived[] {
  let at = now
  return list.map(({ gap, cost, holdMs }) => {
    at += gap
    return { at, cost: Math.min(cost, max), holdMs }
  })
}

/** First come, first served, each as soon as those before it have left enough room. */
function earliestWithRoom(max: number, list: readonly Arrived[]): readonly number[] {
  const starts: number[] = []
  for (const [i, { at: arrivedAt, cost }] of list.entries()) {
    const holding = (at: number): number =>
      list
        .slice(0, i)
        .reduce((sum, held, j) => sum + ((starts[j] ?? 0) + held.holdMs > at ? held.cost : 0), 0)
    let at = Math.max(arrivedAt, starts[i - 1] ?? 0)
    while (holding(at) + cost > max) at++
    starts.push(at)
  }
  return starts
}

/** The start of each arrival, with a worker that requests only when the store told it to. */
async function startsOf(
  under: StoreUnderTest,
  limiter: Limiter,
  list: readonly Arrived[],
): Promise<readonly number[]> {
  const { store } = under
  const rules = [{ name: limiter.name, rule: limiter.rule }]
  const worker = await TestWorker.register(store, { limiters: rules, leaseMs: dayMs })
  const slots = limiter.rule.kind === 'concurrency'
  const runs = list.map(({ cost }) =>
    newRun({ limits: [{ limiter: limiter.name, key: 'k', cost, wholeRun: false }] }),
  )
  const starts = new Map<string, number>()
  let ends: { readonly at: number; readonly end: () => Promise<unknown> }[] = []
  let arrived = 0
  for (let idle = 0; starts.size < runs.length; idle++) {
    // A worker that may retry at once again and again would occupy its CPU.
    if (idle > 20) throw new Error(`nothing starts: ${starts.size} of ${runs.length} runs have`)
    const ended = ends.filter(({ at }) => at <= under.now())
    ends = ends.filter(({ at }) => at > under.now())
    for (const { end } of ended) await end()
    for (; (list[arrived]?.at ?? Number.POSITIVE_INFINITY) <= under.now(); arrived++) {
      const run = runs[arrived]
      if (run !== undefined) await store.enqueue([run])
    }
    const answer = await worker.claimReply()
    for (const run of answer.runs) {
      starts.set(run.id, under.now())
      const holdMs = slots ? (list[runs.findIndex(({ id }) => id === run.id)]?.holdMs ?? 0) : 0
      const end = () => worker.settle(run, completed)
      if (holdMs === 0) await end()
      else ends.push({ at: under.now() + holdMs, end })
    }
    if (answer.runs.length > 0 || answer.more) {
      idle = answer.runs.length > 0 ? 0 : idle
      continue
    }
    const next = Math.min(
      ...[list[arrived]?.at, ...ends.map(({ at }) => at)].map(
        (at) => (at ?? Number.POSITIVE_INFINITY) - under.now(),
      ),
      answer.nextDueInMs ?? Number.POSITIVE_INFINITY,
    )
    if (!Number.isFinite(next)) throw new Error('nobody says when to ask again')
    under.advance(next)
  }
  return runs.map(({ id }) => starts.get(id) ?? Number.NaN)
}
