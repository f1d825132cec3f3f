import { systemClock } from '../../runtime/model/clock.ts'
import { messageOf } from '../../runtime/model/thrown.ts'
import { createWorker } from '../../runtime/worker/worker.ts'
import type { FromWorker, Part } from './crew-messages.ts'
import { removeDemoFolder } from './demo-folder.ts'
import { Dice } from './dice.ts'
import { quietLog } from './quiet-log.ts'
import { shopJobs } from './shop/shop-jobs.ts'

/*
 * A worker process of the demo, started by crew.ts with the demo's folder as its argument.
 * It lives as long as the demo: after any end of it, each of its workers removes the folder and exits, so that the last
 * one leaves nothing behind.
 */

const concurrency = 8

const [folder = ''] = process.argv.slice(2)

function send(message: FromWorker, sent: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, sent)
}

async function begin({ url, name, release, without, marks, seed }: Part): Promise<void> {
  const shop = shopJobs({ release, marks, clock: systemClock, dice: new Dice(seed) })
  const jobs = [...shop.values()].filter((job) => !without.includes(job.name))
  const worker = createWorker({ store: url, name, jobs, concurrency, logger: quietLog })
  await worker.start()
  send({ kind: 'working' })
  await worker.stopped
  process.exit()
}

process.on('message', (part: Part) => {
  begin(part).catch((error: unknown) => {
    send({ kind: 'failed', reason: messageOf(error) }, () => process.exit(1))
  })
})

process.on('disconnect', () => {
  if (folder !== '') removeDemoFolder(folder)
  process.exit()
})
