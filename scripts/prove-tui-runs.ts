import { fill } from '../bench/measure/runs/filled-store.ts'
import { openStore } from '../runtime/store/open-store.ts'
import { parseStoreConfig } from '../runtime/store/store-config.ts'
import { percentile, printEvidence, provingNumber } from '../test/support/evidence.ts'
import { embeddedSite, redisSite, type Site } from './prove-tui/sites.ts'
import { msUntil, withBundle, withTerminal } from './prove-tui/with-tui.ts'

/* How long Home and Runs take to open on a store of 1,000 runs and on one of many, on both stores. */

const few = 1_000
const many = provingNumber('DURABLE_JOBS_PROVE_RUNS', 1_000_000)
const samples = provingNumber('DURABLE_JOBS_PROVE_SAMPLES', 15)
const goalRatio = 1.5

interface Times {
  /** From the command to the first numbers of the store. */
  readonly home: number[]
  /** From the key to the rows. */
  readonly runs: number[]
}

async function filled(open: () => Promise<Site>, count: number): Promise<Site> {
  const site = await open()
  const store = await openStore(parseStoreConfig({ url: site.url, retention: { maxEnded: 100_000_000 } }))
  const begun = performance.now()
  await fill(store, count)
  await store.close()
  console.error(`${site.name}: ${count} runs in ${Math.round((performance.now() - begun) / 1_000)} s`)
  return site
}

async function openOnce(program: string, { url }: Site, times: Times): Promise<void> {
  await withTerminal([program, '--store', url], async (terminal) => {
    times.home.push(await msUntil(terminal, (now) => now.lines().some((line) => /live \d/.test(line))))
    const begun = performance.now()
    await terminal.type('2')
    await terminal.shows(/ 1 of \d/)
    times.runs.push(performance.now() - begun)
  })
}

async function prove(program: string, open: () => Promise<Site>): Promise<void> {
  const sites = [await filled(open, few), await filled(open, many)]
  const times = sites.map((): Times => ({ home: [], runs: [] }))
  // They take turns, so that both meet the same machine.
  for (let i = -1; i < samples; i++) {
    for (const [k, site] of sites.entries()) {
      const warmUp = { home: [], runs: [] }
      await openOnce(program, site, i < 0 ? warmUp : (times[k] ?? warmUp))
    }
  }
  for (const screen of ['home', 'runs'] as const) {
    const [small = Number.NaN, large = Number.NaN] = times.map((one) => percentile(one[screen], 0.5))
    const ratio = large / small
    if (!(ratio <= goalRatio)) process.exitCode = 1
    printEvidence({
      measure: `opening ${screen}, ${sites[0]?.name}`,
      ...{ samples, [`ms at ${few} runs`]: Math.round(small), [`ms at ${many} runs`]: Math.round(large) },
      ...{ ratio: Number(ratio.toFixed(2)), goal: `at most ${goalRatio}` },
    })
  }
  for (const site of sites) await site.close()
}

await withBundle(async (program) => {
  for (const open of [embeddedSite, redisSite]) await prove(program, open)
})
