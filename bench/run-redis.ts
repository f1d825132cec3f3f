import { startServer } from './measure/redis/server.ts'
import { measured } from './measured.ts'
import { ratios, shown, spread } from './spread.ts'

const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
/** Only measures whose name holds this text. */
const only = process.env.BENCH_ONLY ?? ''
const own = 'durable-jobs'
/** Another checkout of durable-jobs, with its dependencies: the figures before a change. */
const beside = process.env.BENCH_BESIDE === undefined ? [] : (['beside'] as const)
const contestants = [own, ...beside, 'BullMQ'] as const
type Contestant = (typeof contestants)[number]

interface Figure {
  readonly key: string
  readonly name: string
  readonly digits?: number
}

interface Measure {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly figures: readonly Figure[]
  /** Bytes do not vary: one round is enough. */
  readonly once?: boolean
  /** A BullMQ worker takes one queue. */
  readonly without?: Contestant
}

function work(job: 'no-op' | 'spread' | 'ten-steps', concurrency: number, runs: number): Measure {
  const unit = { 'no-op': 'no-op jobs', spread: 'no-op jobs of 100 queues', 'ten-steps': 'stored steps' }[job]
  const at = `concurrency ${concurrency}`
  return {
    name: `${job} ${concurrency}`,
    file: 'work.ts',
    args: [job, String(concurrency), String(runs)],
    figures: [
      { key: 'perSecond', name: `${unit} per second, ${at}` },
      { key: 'clientMs', name: `client CPU ms per 1,000 ${unit}, ${at}`, digits: 1 },
      { key: 'serverMs', name: `server CPU ms per 1,000 ${unit}, ${at}`, digits: 1 },
      {
        key: 'allocatedKb',
        name: `kB allocated by the worker per ${unit.replace(/s\b/, '')}, ${at}`,
        digits: 1,
      },
      {
        key: 'overlap',
        name: `% of the time in which client and server work at once, ${unit}, ${at}`,
        digits: 1,
      },
    ],
  }
}

const compared: readonly Measure[] = [
  work('no-op', 10, 20_000),
  work('no-op', 100, 40_000),
  { ...work('spread', 100, 40_000), without: 'BullMQ' },
  work('ten-steps', 1, 2_000),
  work('ten-steps', 100, 6_000),
  {
    name: 'enqueue one',
    file: 'enqueue.ts',
    args: ['one'],
    figures: [{ key: 'perSecond', name: 'runs enqueued per second, one by one' }],
  },
  {
    name: 'enqueue callers',
    file: 'enqueue.ts',
    args: ['callers'],
    figures: [{ key: 'perSecond', name: 'runs enqueued per second, 50 callers at once' }],
  },
  {
    name: 'enqueue bulk',
    file: 'enqueue.ts',
    args: ['bulk'],
    figures: [{ key: 'perSecond', name: 'runs enqueued per second, 1,000 per call' }],
  },
  {
    name: 'pick-up',
    file: 'pick-up.ts',
    args: [],
    figures: [
      { key: 'p50', name: 'enqueue to first line of the handler, ms, p50', digits: 2 },
      { key: 'p95', name: 'enqueue to first line of the handler, ms, p95', digits: 2 },
    ],
  },
  {
    name: 'memory no-op',
    file: 'memory.ts',
    args: ['no-op', '100000'],
    figures: [
      { key: 'queuedBytes', name: 'bytes per queued run' },
      { key: 'finishedBytes', name: 'bytes per finished no-op run' },
    ],
    once: true,
  },
  {
    name: 'memory ten-steps',
    file: 'memory.ts',
    args: ['ten-steps', '20000'],
    figures: [{ key: 'finishedBytes', name: 'bytes per finished run of ten steps' }],
    once: true,
  },
]
const besideBare = [1, 100]

const results = new Map<string, number[]>()

function keep(figure: string, contestant: string, value = Number.NaN): void {
  const key = `${figure}\0${contestant}`
  results.set(key, [...(results.get(key) ?? []), value])
}

const kept = (figure: string, contestant: string): number[] => results.get(`${figure}\0${contestant}`) ?? []

const measures = compared.filter(({ name }) => name.includes(only))
const concurrencies = besideBare.filter((concurrency) => `checkpoint ${concurrency}`.includes(only))
const server = await startServer()
try {
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`)
    // Who goes first meets a cooler machine: they take turns at that too.
    const order = round % 2 === 1 ? contestants : contestants.toReversed()
    for (const { file, args, figures, once = false, without } of measures) {
      if (once && round > 1) continue
      for (const contestant of order.filter((name) => name !== without)) {
        const values = await measured(server, file, [contestant, ...args])
        for (const { key, name } of figures) keep(name, contestant, values[key])
      }
    }
    for (const concurrency of concurrencies) {
      const values = await measured(server, 'checkpoint.ts', [String(concurrency)])
      keep(`${concurrency}`, own, values.perSecond)
      keep(`${concurrency}`, 'bare', values.barePerSecond)
    }
  }
} finally {
  await server.remove()
}

function evidence(measure: string, ratioName: string, values: readonly number[], ratio: number): void {
  const median = Number(spread(values).median.toPrecision(4))
  console.log(`EVIDENCE ${JSON.stringify({ measure, median, [ratioName]: Number(ratio.toFixed(2)) })}`)
}

/** A table of this checkout beside another contestant. */
function table(other: Contestant, measured: readonly Measure[]): void {
  console.log(
    `\n| | durable-jobs | min to max | ${other} | min to max | ratio | min to max |\n|---|--:|--:|--:|--:|--:|--:|`,
  )
  for (const { name, digits } of measured.flatMap(({ figures }) => figures)) {
    const ratio = ratios(kept(name, own), kept(name, other))
    console.log(
      `| ${name} | ${shown(kept(name, own), digits)} | ${shown(kept(name, other), digits)} | ${shown(ratio, 2)} |`,
    )
  }
}

const withPeer = measures.filter(({ without }) => without !== 'BullMQ')
table('BullMQ', withPeer)
for (const other of beside) table(other, measures)

const inOneQueue = kept('no-op jobs per second, concurrency 100', own)
const inMany = kept('no-op jobs of 100 queues per second, concurrency 100', own)
if (inOneQueue.length > 0 && inMany.length > 0) {
  console.log(`\ntime per job of 100 queues beside that of one: ${shown(ratios(inOneQueue, inMany), 2)}`)
}
console.log(
  '\n| checkpoints per second | durable-jobs | min to max | bare EVALSHA | min to max | ratio | min to max |\n|---|--:|--:|--:|--:|--:|--:|',
)
for (const concurrency of concurrencies) {
  const values = kept(`${concurrency}`, own)
  const bare = kept(`${concurrency}`, 'bare')
  console.log(
    `| concurrency ${concurrency} | ${shown(values)} | ${shown(bare)} | ${shown(ratios(values, bare), 2)} |`,
  )
}
console.log()
for (const { name } of withPeer.flatMap(({ figures }) => figures)) {
  const ratio = spread(ratios(kept(name, own), kept(name, 'BullMQ'))).median
  evidence(`Redis: ${name}`, 'ofBullMQ', kept(name, own), ratio)
}
for (const concurrency of concurrencies) {
  const values = kept(`${concurrency}`, own)
  const ratio = spread(ratios(values, kept(`${concurrency}`, 'bare'))).median
  evidence(`Redis: checkpoints per second, concurrency ${concurrency}`, 'ofBareEvalsha', values, ratio)
}
