import { startServer } from './measure/redis/server.ts'
import { measured } from './measured.ts'
import { ratios, shown, spread } from './spread.ts'

/*
 * What a limit costs that never closes: no-op jobs on one Redis without a limit, with one concurrency limit and with one
 * token bucket, all runs on one key. They take turns, and each ratio is that of one round.
 */
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const contestants = ['none', 'concurrency', 'token bucket'] as const
const concurrencies = [10, 100]
const runs = Number(process.env.BENCH_RUNS ?? 20_000)
const figures = [
  { key: 'perSecond', name: 'no-op jobs per second', digits: 0 },
  { key: 'serverMs', name: 'server CPU ms per 1,000 no-op jobs', digits: 1 },
  { key: 'enqueuedPerSecond', name: 'runs enqueued per second, 1,000 per call', digits: 0 },
]

const results = new Map<string, number[]>()
const kept = (...name: readonly (string | number)[]): number[] => results.get(name.join('\0')) ?? []

const server = await startServer()
try {
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`round ${round} of ${rounds}\n`)
    // Who goes first meets a cooler machine: they take turns at that too.
    const first = round % contestants.length
    const order = [...contestants.slice(first), ...contestants.slice(0, first)]
    for (const concurrency of concurrencies) {
      for (const contestant of order) {
        const values = await measured(server, 'limits.ts', [contestant, `${concurrency}`, `${runs}`])
        for (const { key } of figures) {
          const name = [key, concurrency, contestant]
          results.set(name.join('\0'), [...kept(...name), values[key] ?? Number.NaN])
        }
      }
    }
  }
} finally {
  await server.remove()
}

console.log('\n| | limit | median | min to max | of none | min to max |\n|---|---|--:|--:|--:|--:|')
for (const { key, name, digits } of figures) {
  for (const concurrency of concurrencies) {
    for (const contestant of contestants) {
      const values = kept(key, concurrency, contestant)
      const ratio = ratios(values, kept(key, concurrency, 'none'))
      const what = `${name}, concurrency ${concurrency}`
      console.log(`| ${what} | ${contestant} | ${shown(values, digits)} | ${shown(ratio, 2)} |`)
    }
  }
}
console.log()
for (const concurrency of concurrencies) {
  for (const contestant of contestants.slice(1)) {
    const values = kept('perSecond', concurrency, contestant)
    const { median, min, max } = spread(ratios(values, kept('perSecond', concurrency, 'none')))
    const evidence = {
      measure: `Redis: no-op jobs per second under ${contestant}, concurrency ${concurrency}`,
      median: Math.round(spread(values).median),
      ofNone: Number(median.toFixed(2)),
      'min to max': `${min.toFixed(2)} to ${max.toFixed(2)}`,
    }
    console.log(`EVIDENCE ${JSON.stringify(evidence)}`)
  }
}
