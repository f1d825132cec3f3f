import type { RunQuery } from '../runtime/store/run-filter.ts'
import type { Store } from '../runtime/store/store.ts'
import { newRun } from '../test/support/stores/store-inputs.ts'
import { completed, TestWorker } from '../test/support/stores/test-worker.ts'
import { fill } from './measure/runs/filled-store.ts'
import { onRedis, onSqlite, type StoreUnderMeasure } from './measure/runs/store-under-measure.ts'
import { spread } from './spread.ts'

/*
 * What reads of runs cost at 1,000 runs and at many (BENCH_RUNS), on each store (BENCH_STORE: redis or sqlite): time and CPU
 * per call, where both inspect as many runs; how many bytes each index takes, and what it costs runs that wait for nothing.
 */
const few = 1_000
const many = Number(process.env.BENCH_RUNS ?? 100_000)
const rounds = 20
const callsPerRound = 4
const goal = 1.5
const scriptGoalMs = 5

const searches: readonly (readonly [name: string, query: RunQuery])[] = [
  ['newest 50', { limit: 50 }],
  ['oldest 50', { limit: 50, order: 'oldest' }],
  ['failed of a job, 10 newest', { limit: 10, states: ['failed'], job: 'job-7' }],
  ['ready, 10 newest', { limit: 10, states: ['ready'] }],
  [
    'of five states in a queue, 10',
    { limit: 10, states: ['scheduled', 'waiting', 'failed', 'cancelled', 'blocked'], queue: 'queue-2' },
  ],
  ['with a tag, 10', { limit: 10, tag: 'vip' }],
  ['held, longest 10', { limit: 10, states: ['running', 'cancelling'], order: 'longest' }],
  ['ready and waiting, longest 20', { limit: 20, states: ['ready', 'waiting'], order: 'longest' }],
  ['text in none', { limit: 50, text: 'in no run' }],
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

/** The two stores take turns, so that both meet the same machine. */
async function compare(small: StoreUnderMeasure, large: StoreUnderMeasure, read: Read): Promise<Cost[]> {
  const sides = [small, large].map((under) => ({
    under,
    times: [] as number[],
    cpuMs: [] as number[],
    looked: 0,
  }))
  for (let round = -2; round < rounds; round++) {
    for (const side of sides) {
      const before = await side.under.cpuMs()
      for (let i = 0; i < callsPerRound; i++) {
        const begun = performance.now()
        side.looked = await read(side.under.store)
        if (round >= 0) side.times.push(performance.now() - begun)
      }
      if (round >= 0) side.cpuMs.push(((await side.under.cpuMs()) - before) / callsPerRound)
    }
  }
  return sides.map(({ times, cpuMs, looked }) => ({
    ms: spread(times).median,
    cpuMs: spread(cpuMs).median,
    looked,
  }))
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
    await large.scriptMs()
    for (const [name, read] of reads) {
      const [a, b] = (await compare(small, large, read)) as [Cost, Cost]
      const scripts = await large.scriptMs()
      print(`${large.name}: ${name}`, {
        looked: a.looked === b.looked ? b.looked : `${a.looked} and ${b.looked}`,
        [`ms at ${few}`]: rounded(a.ms),
        [`ms at ${many}`]: rounded(b.ms),
        ratio: rounded(b.ms / a.ms),
        'CPU ms': `${rounded(a.cpuMs)} and ${rounded(b.cpuMs)}`,
        'ratio of CPU': rounded(b.cpuMs / a.cpuMs),
        goal: `at most ${goal}`,
        ...(scripts === undefined
          ? {}
          : {
              'script ms, p99 and longest': scripts.map(rounded).join(' and '),
              'its goal': `at most ${scriptGoalMs}`,
            }),
      })
    }
    await printBytes(large)
    await printNoOpMembers(large)
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
    runCounts: 'all',
  },
  SQLite: {
    runs_live: 'live',
    runs_ended: 'ended',
    runs_ended_groups: 'failed, cancelled, expired',
    runs_ended_times: 'failed, cancelled, expired',
    runs_waiting_times: 'waiting',
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
    waiting: of('waiting'),
    'failed, cancelled, expired': of('failed', 'cancelled', 'expired'),
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

/** How many entries of each index a run has that only is enqueued, claimed and completed. */
async function printNoOpMembers({ name, store, sizes }: StoreUnderMeasure): Promise<void> {
  const runs = Array.from({ length: 100 }, () => newRun({ job: 'no-op' }))
  const jobs = [{ name: 'no-op', version: 1, queue: 'default', digest: 'first' }]
  const worker = await TestWorker.register(store, { jobs, queues: ['default'] })
  const stages = [await sizes()]
  await store.enqueue(runs)
  stages.push(await sizes())
  const claimed = await worker.claim(runs.length)
  stages.push(await sizes())
  await worker.send(...claimed.map((run) => worker.settlement(run, completed)))
  stages.push(await sizes())
  for (const index of Object.keys(indexes[name as keyof typeof indexes])) {
    const at = stages.map((stage) => stage.get(index) ?? 0)
    const added = at.slice(1).map((size) => (size - (at[0] ?? 0)) / runs.length)
    print(`${name}: entries of a no-op run in ${index}`, {
      'ready, held, completed': added.map(rounded).join(', '),
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
