import { fill, openContestant } from './open-contestant.ts'
import { report } from './server.ts'

/**
 * CONTESTANT one|callers|bulk: how fast runs are stored, each awaited before the next, by 50 callers at once of which each
 * awaits its own, or a thousand per call.
 */
const [name, way] = process.argv.slice(2)
const runs = way === 'one' ? 6_000 : 30_000
const callers = way === 'callers' ? 50 : 1
const warmUp = runs / 10

await report(async (server) => {
  const contestant = await openContestant(name, server.port)
  const call = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await contestant.enqueue('no-op', { n })
  }
  const store = async (count: number): Promise<void> => {
    if (way === 'bulk') await fill(contestant, 'no-op', count)
    else await Promise.all(Array.from({ length: callers }, () => call(count / callers)))
  }
  await store(warmUp)
  const start = performance.now()
  await store(runs)
  const perSecond = (runs / (performance.now() - start)) * 1_000
  await contestant.close()
  return { perSecond }
})
