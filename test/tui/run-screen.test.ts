import { expect, onTestFinished, test } from 'vitest'
import { createWorker } from '../../runtime/index.ts'
import { defineJob, type Job } from '../../sdk/index.ts'
import { ownStore } from './support/store.ts'
import { Terminal } from './support/terminal.ts'

async function work(url: string, job: Job): Promise<void> {
  const quiet = () => undefined
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  const worker = createWorker({ store: url, jobs: [job], name: 'w-1', logger })
  await worker.start()
  onTestFinished(() => worker.stop())
}

test('follows a run to its end, from its steps to their values', async () => {
  const { url, jobs } = await ownStore()
  const shipped = Promise.withResolvers<string>()
  const ship = defineJob({ name: 'ship' }, async ({ step }) => {
    await step.run('load', () => ({ order: 9912 }))
    return { parcel: await step.run('send', () => shipped.promise) }
  })
  await work(url, ship)
  const { id } = await jobs.enqueue(ship, undefined, { tags: ['eu'] })
  const terminal = await Terminal.start({ args: ['--store', url, id] })
  const running = await terminal.shows(/▸ +send +▶/)
  expect(running).toContain('▶ running for')
  expect(running).toContain('tags eu')
  expect(running).toContain('It has been running on w-1')

  shipped.resolve('parcel-7')
  const ended = await terminal.shows('it completed while you looked')
  expect(ended).toContain('✔ completed')
  expect(ended).toContain('parcel: "parcel-7"')

  await terminal.press('G', 'Enter')
  const step = await terminal.shows('it returned')
  expect(step).toContain('"parcel-7"')
  expect(step).toMatch(/try 1 done, took/)

  await terminal.press('Escape')
  await terminal.shows('it completed while you looked')
  await terminal.press('8')
  expect(await terminal.shows('events following')).toMatch(/ship …\w+ completed/)
  await terminal.press('Enter')
  await terminal.shows(/✔ completed/)
})

test('from a failure to its runs, its error and its sample', async () => {
  const { url, jobs } = await ownStore()
  const pay = defineJob({ name: 'pay' }, async ({ step }) => {
    await step.run(
      'charge',
      () => {
        throw new Error('no sku')
      },
      { retry: { maxAttempts: 1 } },
    )
  })
  await work(url, pay)
  const handle = await jobs.enqueue(pay)
  await handle.result({ timeout: '2m' }).catch(() => undefined)
  const terminal = await Terminal.start({ args: ['--store', url] })
  await terminal.shows('READ-ONLY')
  await terminal.press('7')
  const list = await terminal.shows(/✖ 1 .* pay +charge +Error: no sku/)
  expect(list).toContain('retry durable-jobs retry --fingerprint f1:')

  await terminal.press('Enter')
  expect(await terminal.shows(/✖ failed/)).toContain('1 of 1')
  await terminal.press('Escape', 'J')
  const run = await terminal.shows('← your code')
  expect(run).toMatch(/▸ +charge +✖/)
  expect(run).toContain('Error: no sku')
})
