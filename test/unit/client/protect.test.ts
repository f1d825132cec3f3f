import { expect, test } from 'vitest'
import { z } from 'zod'
import { createWorker } from '../../../runtime/index.ts'
import { defineJob } from '../../../sdk/index.ts'
import { gate, openFixture, rejection } from '../../support/fixture.ts'

const input = z.object({ rows: z.string().transform(Number) })
const broken = new Error('no such table')
const everyNight = { cron: '0 3 * * *', timeZone: 'UTC' }

function importing(protect: (input: { rows: number }) => boolean) {
  return defineJob({ name: 'import', input, protect }, () => undefined)
}

test('a function decides by the parsed input, once per enqueue', async () => {
  const { jobs } = await openFixture()
  const seen: number[] = []
  const job = importing(({ rows }) => seen.push(rows) > 0 && rows > 5)
  const [small, large] = await jobs.enqueueMany(job, [{ rows: '5' }, { rows: '6' }])
  const protects = [small, large].map(async (made) =>
    made?.outcome === 'created' ? (await jobs.inspector.run(made.handle.id))?.protect : 'not created',
  )
  expect(await Promise.all(protects)).toEqual([undefined, true])
  expect(seen).toEqual([5, 6])
})

test('a worker without scale-in protection runs it, and the handler is notified', async () => {
  const { jobs, work } = await openFixture()
  const told = gate<boolean[]>()
  const all: boolean[] = []
  const job = defineJob<{ once: boolean }>(
    { name: 'charge', protect: ({ once }) => once },
    ({ run }) => void (all.push(run.protect) === 2 && told.open(all)),
  )
  await jobs.enqueueMany(job, [{ once: true }, { once: false }])
  await work(job)
  expect(await told.opened).toEqual([true, false])
})

test('an exception, or a result other than a boolean, is a named error, and nothing is stored', async () => {
  const { jobs } = await openFixture()
  const throwing = importing(({ rows }) => {
    if (rows > 5) throw broken
    return false
  })
  const error = await rejection(jobs.enqueueMany(throwing, [{ rows: '5' }, { rows: '6' }]))
  expect(error).toMatchObject({ code: 'INVALID_OPTIONS', cause: broken })
  expect((error as Error).message).toBe("job 'import': protect threw for this input: no such table")
  const promising = importing((async () => true) as never)
  expect(await rejection(jobs.enqueue(promising, { rows: '1' }))).toMatchObject({ code: 'INVALID_OPTIONS' })
  expect((await jobs.inspector.runs({ limit: 5 })).runs).toEqual([])
})

test('a schedule decides when it is put, for all its runs', async () => {
  const { jobs } = await openFixture()
  let calls = 0
  const job = importing(({ rows }) => ++calls > 0 && rows > 5)
  await jobs.schedules.put('nightly', job, { ...everyNight, input: { rows: '6' } })
  const run = await jobs.schedules.trigger('nightly')
  expect(await jobs.inspector.run(run.id)).toMatchObject({ protect: true, version: 1 })
  expect(calls).toBe(1)
  // The same again changes nothing; another decision does.
  await jobs.schedules.put('nightly', job, { ...everyNight, input: { rows: '6' } })
  await jobs.schedules.put(
    'nightly',
    importing(() => false),
    { ...everyNight, input: { rows: '6' } },
  )
  const plain = await jobs.schedules.trigger('nightly')
  expect(await jobs.inspector.run(plain.id)).not.toHaveProperty('protect')
  const ledger = await jobs.schedules.ledger('nightly')
  expect(ledger.map(({ outcome }) => outcome)).toEqual(['triggered', 'changed', 'triggered', 'declared'])
})

test('a schedule whose decision throws is not put, and prevents its worker’s start', async () => {
  const { jobs, store } = await openFixture()
  const throwing = (): boolean => {
    throw broken
  }
  const schedule = { ...everyNight, input: { rows: '6' } }
  const message = "job 'import': protect threw for the input of schedule 'import': no such table"
  expect(await rejection(jobs.schedules.put('import', importing(throwing), schedule))).toMatchObject({
    ...{ code: 'INVALID_OPTIONS', message },
  })
  const job = defineJob({ name: 'import', input, schedule, protect: throwing }, () => undefined)
  const worker = createWorker({ store, jobs: [job], handleSignals: false })
  expect(await rejection(worker.start())).toMatchObject({ code: 'INVALID_OPTIONS', message })
  expect(await jobs.schedules.list()).toEqual([])
  expect(await jobs.inspector.workers()).toEqual([])
})
