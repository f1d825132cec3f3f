import { expect, test } from 'vitest'
import { defineJob } from '../../sdk/index.ts'
import { ownStore, type TestStore } from './support/store.ts'
import { Terminal } from './support/terminal.ts'

const mail = defineJob({ name: 'send-mail', queue: 'mail' }, async () => {})

async function pausedStore(): Promise<TestStore> {
  const store = await ownStore()
  await store.jobs.enqueueMany(mail, [undefined, undefined, undefined])
  await store.jobs.pauseQueue('mail', { by: 'ana', reason: 'storm' })
  return store
}

test('Home, Runs and Doctor at 80x24 show the data of the store', async () => {
  const { url, jobs } = await pausedStore()
  const terminal = await Terminal.start({ args: ['--store', url] })
  const home = await terminal.shows("Queue 'mail' is paused by ana (storm)")
  expect(home).toContain('[1 Home]')
  expect(home).toContain('READ-ONLY')
  expect(home).toMatch(/mail +3 /)

  await terminal.press('2')
  const [newest] = (await jobs.inspector.runs({ limit: 1 })).runs
  const list = await terminal.shows(/1 of 3 /)
  expect(list).toContain(newest?.id.slice(-9))
  expect(list.match(/send-mail +○ ready/g)).toHaveLength(3)
  expect(list).toContain('queue paused by ana')

  await terminal.press('9')
  const doctor = await terminal.shows('durable-jobs resume mail')
  expect(doctor).toMatch(/▸ ! warning +paused/)
  expect((await terminal.lines()).length).toBeLessThanOrEqual(25)
})
