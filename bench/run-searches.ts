import type { RunQuery } from '../runtime/store/run-filter.ts'
import type { Store } from '../runtime/store/store.ts'
import { fill } from './measure/runs/filled-store.ts'
import { onRedis, onSqlite, type StoreUnderMeasure } from './measure/runs/store-under-measure.ts'
import { spread } from './spread.ts'

/*
 * What reads of runs cost at 1,000 runs and at many (BENCH_RUNS), on each store (BENCH_STORE: redis or sqlite): time and CPU
 * per call, where both inspect as many runs; and how many bytes each index takes.
 */
const few = 1_000
const many = Number(process.env.BENCH_RUNS ?? 100_000)
const calls = 60
const goal = 1.5
const scriptGoalMs = 5

const searches: readonly (readonly [name: string, query: RunQuery])[] = [
  ['newest 50', { limit: 50 }],
  ['oldest 50', { limit: 50, order: 'oldest' }],
  ['failed of a job, 2 newest', { limit: 2, states: ['failed'], job: 'job-7' }],
  ['ready in a queue, 2', { limit: 2, states: ['ready'], queue: 'queue-1' }],
  [
    'of five states in a queue, 10',
    { limit: 10, states: ['scheduled', 'waiting', 'failed', 'cancelled', 'blocked'], queue: 'queue-2' },
  ],
  ['with a tag, 10', { limit: 10, tag: 'vip' }],
  ['held, longest 10', { limit: 10, states: ['running', 'cancelling'], order: 'longest' }],
  ['ready and waiting, longest 20', { limit: 20, states: ['ready', 'waiting'], order: 'longest' }],
  ['text in none', { limit: 50, text: 'in no run' }],
  ['completed of a job, by inspection', { limit: 20, states: ['completed'], job: 'job-4' }],
]

interface Cost {
  readonly ms: number
  readonly cpuMs: number
  readonly looked: number
}

type Read = (store: Store) => Promise<number>

const reads: readonly (readonly [name: string, read: Read])[] = [
  ...searches.map(
    ([name, query]) => [`runs: ${name}`, async (store: Store) => (await store.runs(query)).looked] as const,
  ),
  ['counts', async (store) => (await store.counts()).length],
  ['queues', async (store) => (await store.queues()).length],
]

async function cost(under: StoreUnderMeasure, read: Read): Promise<Cost> {
  const times: number[] = []
  let looked = 0
  for (let i = 0; i < 10; i++) looked = await read(under.store)
  const before = await under.cpuMs()
  for (let i = 0; i < calls; i++) {
    const begun = performance.now()
    await read(under.store)
    times.push(performance.now() - begun)
  }
  const cpuMs = ((await under.cpuMs()) - before) / calls
  return { ms: spread(times).median, cpuMs, looked }
}

async function measure(open: () => Promise<StoreUnderMeasure>): Promise<void> {
  const [small, large] = [await open(), await open()]
  try {
    await fill(small.store, few)
    const begun = performance.now()
    await fill(large.store, many)
    process.stderr.write(
      `${large.name}: ${many} runs in ${Math.round((performance.now() - begun) / 1_000)} s\n`,
    )
    await large.longestMs()
    for (const [name, read] of reads) {
      const [a, b] = [await cost(small, read), await cost(large, read)]
      const longestMs = await large.longestMs()
      print(`${large.name}: ${name}`, {
        looked: a.looked === b.looked ? b.looked : `${a.looked} and ${b.looked}`,
        [`ms at ${few}`]: rounded(a.ms),
        [`ms at ${many}`]: rounded(b.ms),
        ratio: rounded(b.ms / a.ms),
        'CPU ms': `${rounded(a.cpuMs)} and ${rounded(b.cpuMs)}`,
        'ratio of CPU': rounded(b.cpuMs / a.cpuMs),
        goal: `at most ${goal}`,
        ...(longestMs === undefined
          ? {}
          : { 'longest script ms': rounded(longestMs), 'its goal': `at most ${scriptGoalMs}` }),
      })
    }
    await printBytes(large)
  } finally {
    await small.close()
    await large.close()
  }
}

/** Indexes that lists use, and how many runs are in each. */
const indexes = {
  Redis: {
    index: 'not ready or held',
    groups: 'filed',
    changed: 'filed by time',
    tags: 'tagged',
    ended: 'ended',
  },
  SQLite: {
    runs_live: 'live',
    runs_ended: 'ended',
    runs_ended_groups: 'ended',
    runs_changed: 'filed by time',
    runs_ready_again: 'ready',
    run_counts: 'all',
  },
} as const

async function printBytes(under: StoreUnderMeasure): Promise<void> {
  const counts = await under.store.counts()
  const of = (...states: string[]): number =>
    counts.reduce((sum, { state, count }) => sum + (states.includes(state) ? count : 0), 0)
  const filed = ['scheduled', 'waiting', 'blocked', 'failed', 'cancelled', 'expired']
  const sizes = {
    'not ready or held': of(...filed, 'completed'),
    filed: of(...filed),
    'filed by time': of(...filed.slice(1)),
    tagged: many / 50,
    live: of('scheduled', 'ready', 'waiting', 'running', 'blocked'),
    ended: of('completed', 'failed', 'cancelled', 'expired'),
    ready: of('ready'),
    all: many,
  }
  const bytes = await under.bytes()
  for (const [index, among] of Object.entries(indexes[under.name as keyof typeof indexes])) {
    const size = bytes.get(index)
    const runs = sizes[among as keyof typeof sizes]
    if (size === undefined || runs === 0) continue
    print(`${under.name}: index ${index}`, {
      runs,
      'bytes per run in it': Math.round(size / runs),
      'bytes per run of the store': rounded(size / many),
    })
  }
}

function rounded(value: number): number {
  return Number(value.toFixed(2))
}

function print(measure: string, figures: Readonly<Record<string, string | number>>): void {
  console.log(`EVIDENCE ${JSON.stringify({ measure, ...figures })}`)
}

const only = process.env.BENCH_STORE
if (only !== 'redis') await measure(onSqlite)
if (only !== 'sqlite') await measure(onRedis)
