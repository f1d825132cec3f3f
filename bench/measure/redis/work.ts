import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { AllocatedBytes } from '../allocated-bytes.ts'
import { stepsPerRun } from '../ten-steps.ts'
import type { JobName } from './contestant.ts'
import { fill, openContestant } from './open-contestant.ts'
import { report } from './server.ts'

/*
 * CONTESTANT JOB CONCURRENCY [RUNS]: another process stores runs, then one worker works them off: the garbage of the first
 * is none of the worker's. The clock starts when a tenth has ended, so that neither the start of the worker nor the
 * compiler's first second counts.
 */
const [name = '', job = 'no-op', concurrencyText = '100', runsText, portToFill] = process.argv.slice(2)
const concurrency = Number(concurrencyText)
const usual =
  job === 'ten-steps' ? { 1: 2_000, 10: 4_000, 100: 6_000 } : { 1: 5_000, 10: 20_000, 100: 40_000 }
const runs = Number(runsText ?? usual[concurrency as 1 | 10 | 100] ?? 2_000)
const warmUp = Math.floor(runs / 10)
const jobName: JobName = job === 'ten-steps' || job === 'spread' ? job : 'no-op'
/** What is counted: steps of `ten-steps`, runs of `no-op`. */
const counted = (runs - warmUp) * (jobName === 'ten-steps' ? stepsPerRun : 1)

async function fillQueue(port: number): Promise<void> {
  const contestant = await openContestant(name, port)
  await fill(contestant, jobName, runs)
  await contestant.close()
}

if (portToFill !== undefined) await fillQueue(Number(portToFill))
else
  await report(async (server) => {
    const args = [import.meta.filename, name, job, concurrencyText, String(runs), String(server.port)]
    await promisify(execFile)(process.execPath, args)
    const contestant = await openContestant(name, server.port)
    const { promise: allEnded, resolve } = Promise.withResolvers<void>()
    const allocated = new AllocatedBytes()
    const snapshot = () => ({
      at: performance.now(),
      client: process.cpuUsage(),
      bytes: allocated.total(),
      server: server.cpuMs(),
    })
    let before = snapshot()
    let ended = 0
    const stop = await contestant.work({
      job: jobName,
      concurrency,
      onEnd: () => {
        if (++ended === warmUp) before = snapshot()
        if (ended === runs) resolve()
      },
    })
    await allEnded
    const bytes = allocated.total() - before.bytes
    const seconds = (performance.now() - before.at) / 1_000
    const { user, system } = process.cpuUsage(before.client)
    const serverMs = (await server.cpuMs()) - (await before.server)
    await stop()
    await contestant.close()
    const thousands = counted / 1_000
    const clientShare = (user + system) / 1e6 / seconds
    const serverShare = serverMs / 1_000 / seconds
    return {
      perSecond: counted / seconds,
      clientMs: (user + system) / 1_000 / thousands,
      serverMs: serverMs / thousands,
      allocatedKb: bytes / 1_000 / counted,
      clientShare,
      serverShare,
      // What is left when the two only took turns, in per cent of the time.
      overlap: Math.max(0, clientShare + serverShare - 1) * 100,
    }
  })
