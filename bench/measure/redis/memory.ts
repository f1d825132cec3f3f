import { setTimeout as sleep } from 'node:timers/promises'
import type { JobName } from './contestant.ts'
import { fill, openContestant } from './open-contestant.ts'
import { report } from './server.ts'

/** CONTESTANT [no-op|ten-steps]: bytes of the server's memory per queued and per finished run. */
const [name, job = 'no-op', runsText = '100000'] = process.argv.slice(2)
const jobName: JobName = job === 'ten-steps' ? 'ten-steps' : 'no-op'
const runs = Number(runsText)
/** Until buffers of clients that have gone are given back. */
const settleMs = 2_000

await report(async (server) => {
  const usedMemory = async (): Promise<number> => {
    await sleep(settleMs)
    return server.info('memory', 'used_memory')
  }
  // What is there whatever runs exist is no part of a run.
  const first = await openContestant(name, server.port)
  await first.enqueue('no-op', { n: 0 })
  await first.close()
  const before = await usedMemory()

  const contestant = await openContestant(name, server.port)
  await fill(contestant, jobName, runs - 1)
  await contestant.close()
  const queued = await usedMemory()

  const { promise: allEnded, resolve } = Promise.withResolvers<void>()
  let ended = 0
  const workers = await openContestant(name, server.port)
  const stop = await workers.work({
    job: jobName,
    concurrency: 100,
    onEnd: () => {
      if (++ended === runs) resolve()
    },
  })
  await allEnded
  await stop()
  await workers.close()
  const finished = await usedMemory()
  return { queuedBytes: (queued - before) / runs, finishedBytes: (finished - before) / runs }
})
