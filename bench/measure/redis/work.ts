import { stepsPerRun } from '../ten-steps.ts'
import { fill, openContestant } from './open-contestant.ts'
import { report } from './server.ts'

/*
 * CONTESTANT JOB CONCURRENCY [RUNS]: runs are stored, then one worker works them off. The clock starts when a tenth
 * has ended, so that neither the start of the worker nor the compiler's first second counts.
 */
const [name, job = 'no-op', concurrencyText = '100', runsText] = process.argv.slice(2)
const concurrency = Number(concurrencyText)
const usual =
  job === 'ten-steps' ? { 1: 2_000, 10: 4_000, 100: 6_000 } : { 1: 5_000, 10: 20_000, 100: 40_000 }
const runs = Number(runsText ?? usual[concurrency as 1 | 10 | 100] ?? 2_000)
const warmUp = Math.floor(runs / 10)
const jobName = job === 'ten-steps' ? 'ten-steps' : 'no-op'
/** What is counted: steps of `ten-steps`, runs of `no-op`. */
const counted = (runs - warmUp) * (jobName === 'ten-steps' ? stepsPerRun : 1)

await report(async (server) => {
  const contestant = await openContestant(name, server.port)
  await fill(contestant, jobName, runs)
  const { promise: allEnded, resolve } = Promise.withResolvers<void>()
  const snapshot = () => ({ at: performance.now(), client: process.cpuUsage(), server: server.cpuMs() })
  let before = snapshot()
  let ended = 0
  const stop = await contestant.work({
    concurrency,
    onEnd: () => {
      if (++ended === warmUp) before = snapshot()
      if (ended === runs) resolve()
    },
  })
  await allEnded
  const seconds = (performance.now() - before.at) / 1_000
  const { user, system } = process.cpuUsage(before.client)
  const serverMs = (await server.cpuMs()) - (await before.server)
  await stop()
  await contestant.close()
  const thousands = counted / 1_000
  return {
    perSecond: counted / seconds,
    clientMs: (user + system) / 1_000 / thousands,
    serverMs: serverMs / thousands,
    clientShare: (user + system) / 1e6 / seconds,
    serverShare: serverMs / 1_000 / seconds,
  }
})
