import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const rounds = Number(process.env.BENCH_ROUNDS ?? 5)

interface Contestant {
  readonly name: string
  readonly measure: readonly string[]
}

const contestants: readonly Contestant[] = [
  { name: 'bare node:sqlite, one row per commit', measure: ['bare-sqlite.ts'] },
  { name: 'durable-jobs, concurrency 1', measure: ['steps.ts', '1'] },
  { name: 'durable-jobs, concurrency 10', measure: ['steps.ts', '10'] },
  { name: 'durable-jobs, concurrency 100', measure: ['steps.ts', '100'] },
  { name: 'durable-jobs, concurrency 100, synchronous full', measure: ['steps.ts', '100', 'full'] },
  { name: 'OpenWorkflow, concurrency 1', measure: ['openworkflow.ts', '1'] },
  { name: 'OpenWorkflow, concurrency 10', measure: ['openworkflow.ts', '10'] },
  { name: 'OpenWorkflow, concurrency 100', measure: ['openworkflow.ts', '100'] },
]

const run = promisify(execFile)

async function measured([file, ...rest]: readonly string[]): Promise<Record<string, number>> {
  const path = fileURLToPath(new URL(`measure/${file}`, import.meta.url))
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...rest])
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, number>
}

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (i: number): number => sorted[i] ?? Number.NaN
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) }
}

const perSecond = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
const firstSteps: number[] = []
const lastSteps: number[] = []
for (let round = 1; round <= rounds; round++) {
  process.stderr.write(`round ${round} of ${rounds}\n`)
  for (const { name, measure } of contestants) {
    perSecond.get(name)?.push((await measured(measure)).perSecond ?? Number.NaN)
  }
  const { firstMicros = Number.NaN, lastMicros = Number.NaN } = await measured(['step-cost.ts'])
  firstSteps.push(firstMicros)
  lastSteps.push(lastMicros)
}

const whole = (value: number): string => Math.round(value).toLocaleString('en')
const bare = spread(perSecond.get(contestants[0]?.name ?? '') ?? []).median

console.log('\n| stored steps per second | median | min | max | of bare |\n|---|--:|--:|--:|--:|')
for (const [name, values] of perSecond) {
  const { median, min, max } = spread(values)
  console.log(
    `| ${name} | ${whole(median)} | ${whole(min)} | ${whole(max)} | ${(median / bare).toFixed(2)} |`,
  )
  console.log(
    `EVIDENCE ${JSON.stringify({ measure: `${name}: stored steps/s`, median: Math.round(median), ofBare: Number((median / bare).toFixed(2)) })}`,
  )
}

const first = spread(firstSteps)
const last = spread(lastSteps)
const ratio = spread(lastSteps.map((cost, i) => cost / (firstSteps[i] ?? Number.NaN)))
console.log(`
| cost of a step in one run, µs | median | min | max |
|---|--:|--:|--:|
| steps 1 to 100 | ${whole(first.median)} | ${whole(first.min)} | ${whole(first.max)} |
| steps 9,901 to 10,000 | ${whole(last.median)} | ${whole(last.min)} | ${whole(last.max)} |
| ratio | ${ratio.median.toFixed(2)} | ${ratio.min.toFixed(2)} | ${ratio.max.toFixed(2)} |
`)
console.log(
  `EVIDENCE ${JSON.stringify({ measure: 'cost of steps 9,901-10,000 to steps 1-100', ratio: Number(ratio.median.toFixed(2)) })}`,
)
