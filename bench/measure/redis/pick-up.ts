import { fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contestant } from './contestant.ts'
import { openContestant } from './open-contestant.ts'
import { report } from './server.ts'

/*
 * CONTESTANT: ms from just before a run is enqueued in one process to the first line of its handler in another, whose
 * worker is idle. Both read the host's monotonic clock.
 */
const [name, portOfServer] = process.argv.slice(2)
const runs = 500
const warmUp = 50
const leastGapMs = 5
const maxGapMs = 15

const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n)

async function enqueueSingly(contestant: Contestant): Promise<void> {
  for (let n = 0; n < warmUp + runs; n++) {
    await sleep(leastGapMs + Math.random() * (maxGapMs - leastGapMs))
    await contestant.enqueue('told', { n: nowMicros() })
  }
  await contestant.close()
}

async function measure(port: number): Promise<Record<string, number>> {
  const contestant = await openContestant(name, port)
  const { promise: allBegun, resolve } = Promise.withResolvers<void>()
  const waits: number[] = []
  const stop = await contestant.work({
    job: 'told',
    concurrency: 10,
    onBegin: ({ n }) => {
      if (waits.push(nowMicros() - n) === warmUp + runs) resolve()
    },
  })
  fork(import.meta.filename, [name ?? '', String(port)])
  await allBegun
  await stop()
  await contestant.close()
  const sorted = waits.slice(warmUp).sort((a, b) => a - b)
  const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1_000
  return { p50: at(0.5), p95: at(0.95) }
}

if (portOfServer === undefined) await report(({ port }) => measure(port))
else await enqueueSingly(await openContestant(name, Number(portOfServer)))
