import { fill, openContestant } from './open-contestant.ts'
import { report } from './server.ts'

/** CONTESTANT one|bulk: how fast runs are stored, each awaited before the next, or a thousand per call. */
const [name, way] = process.argv.slice(2)
const runs = way === 'bulk' ? 30_000 : 6_000
const warmUp = runs / 10

await report(async (server) => {
  const contestant = await openContestant(name, server.port)
  const store = async (count: number): Promise<void> => {
    if (way === 'bulk') await fill(contestant, 'no-op', count)
    else for (let n = 0; n < count; n++) await contestant.enqueue('no-op', { n })
  }
  await store(warmUp)
  const start = performance.now()
  await store(runs)
  const perSecond = (runs / (performance.now() - start)) * 1_000
  await contestant.close()
  return { perSecond }
})
