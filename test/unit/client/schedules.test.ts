import { expect, test } from 'vitest'
import { z } from 'zod'
import { type Duration, defineJob, InvalidOptionsError } from '../../../sdk/index.ts'
import { gate, openFixture } from '../../support/fixture.ts'

const everySecond = '* * * * * *'

test('a schedule of a job runs it automatically, with its input and tick', async () => {
  const { work, jobs } = await openFixture()
  const ran = gate<{ input: unknown; scheduledFor: Date | undefined }>()
  const report = defineJob(
    {
      name: 'report',
      input: z.object({ file: z.string().transform((file) => `${file}.csv`) }),
      schedule: { cron: everySecond, timeZone: 'Asia/Tokyo', input: { file: 'nightly' } },
    },
    ({ input, run }) => ran.open({ input, scheduledFor: run.scheduledFor }),
  )
  await work(report)
  const { input, scheduledFor } = await ran.opened
  expect(input).toEqual({ file: 'nightly.csv' })
  expect(scheduledFor?.getMilliseconds()).toBe(0)
  const [schedule] = await jobs.schedules.list()
  expect(schedule).toMatchObject({
    name: 'report',
    job: 'report',
    origin: 'code',
    cron: everySecond,
    missed: 'one',
  })
  const ledger = await jobs.schedules.ledger('report', { limit: 1_000 })
  expect(ledger.find(({ tick }) => tick?.getTime() === scheduledFor?.getTime())).toMatchObject({
    run: expect.stringMatching(/^cron-/),
  })
})

test('put, pause, trigger, resume and remove manually', async () => {
  const { jobs } = await openFixture()
  const importFile = defineJob({ name: 'import', input: z.object({ file: z.string() }) }, () => undefined)
  const options = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', input: { file: 'de' } }
  await jobs.schedules.put('nightly', importFile, options, { by: 'ana' })
  await jobs.schedules.put('nightly', importFile, options)
  await jobs.schedules.pause('nightly', { by: 'ben', reason: 'audit' })
  const handle = await jobs.schedules.trigger('nightly', { by: 'ben' })
  expect(await handle.status()).toMatchObject({ state: 'ready' })
  expect(await jobs.schedules.list()).toMatchObject([
    { name: 'nightly', origin: 'hand', paused: { by: 'ben', reason: 'audit', at: expect.any(Date) } },
  ])
  await jobs.schedules.resume('nightly', { by: 'ben' })
  const ledger = await jobs.schedules.ledger('nightly')
  expect(ledger.map(({ outcome, by }) => `${outcome} ${by}`)).toEqual([
    'resumed ben',
    'triggered ben',
    'paused ben',
    'declared ana',
  ])
  await jobs.schedules.remove('nightly')
  expect(await jobs.schedules.list()).toEqual([])
})

test('the preview of a stored schedule is that of its options', async () => {
  const { jobs } = await openFixture()
  const tidy = defineJob({ name: 'tidy' }, () => undefined)
  const options = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  await jobs.schedules.put('tidy', tidy, options)
  const fires = await jobs.schedules.preview(options, 3)
  expect(fires).toHaveLength(3)
  expect(await jobs.schedules.preview('tidy', 3)).toEqual(fires)
})

test('wrong options and unknown names are refused by name', async () => {
  const { jobs, work } = await openFixture()
  const importFile = defineJob({ name: 'import', input: z.object({ file: z.string() }) }, () => undefined)
  const put = (options: object): Promise<void> => jobs.schedules.put('nightly', importFile, options as never)
  await expect(put({ cron: 'daily' })).rejects.toThrow("schedule 'nightly': cron 'daily' must have 5 fields")
  await expect(put({ cron: '@daily', missed: 'twice' })).rejects.toThrow("'twice' is none of one, all, skip")
  await expect(put({ cron: '@daily', cap: 0 })).rejects.toThrow('cap: 0 is not')
  await expect(put({ cron: '@daily', zone: 'UTC' })).rejects.toThrow("unknown option 'zone'")
  await expect(put({ cron: '@daily', input: { file: 7 } })).rejects.toMatchObject({
    ...{ code: 'INVALID_INPUT', issues: [expect.stringMatching(/^input\.file: /)] },
    message: expect.stringMatching(
      /^the input of schedule 'nightly' \(job 'import'\) does not fit its schema: /,
    ),
  })
  await expect(jobs.schedules.trigger('nightly')).rejects.toMatchObject({ code: 'UNKNOWN_SCHEDULE' })
  await expect(jobs.schedules.ledger('nightly')).rejects.toMatchObject({ code: 'UNKNOWN_SCHEDULE' })
  expect(await jobs.schedules.list()).toEqual([])
  const bad = defineJob(
    {
      name: 'bad',
      input: z.object({ file: z.string().min(3) }),
      schedule: { cron: '@daily', input: { file: '' } },
    },
    () => undefined,
  )
  await expect(work(bad)).rejects.toMatchObject({
    ...{ code: 'INVALID_INPUT' },
    message: expect.stringMatching(/^the input of schedule 'bad' \(job 'bad'\) does not fit/),
  })
  const define = (): unknown =>
    defineJob({ name: 'bad', schedule: { cron: '@daily', jitter: 'soon' as '1s' } }, () => 1)
  expect(define).toThrow("job 'bad': schedule: jitter")
})

test.each([
  ['* * * * *', '1m', '59s', "'* * * * *' fires 1 min 0 s apart"],
  // The last tick of an hour and the first of the next one.
  ['*/7 * * * *', '4m', '3m', "'*/7 * * * *' fires 4 min 0 s apart"],
  // A day on which the clocks go forward.
  ['0 3 * * *', '23h', '22h', "'0 3 * * *' fires 23 h 0 min apart"],
] as const)('a jitter may not shift a tick of %s by %s, but by %s', (cron, tooLong, longest, why) => {
  const define = (jitter: Duration) => () =>
    defineJob({ name: 'tidy', schedule: { cron, timeZone: 'Europe/Berlin', jitter } }, () => undefined)
  expect(define(longest)).not.toThrow()
  expect(define(tooLong)).toThrow(InvalidOptionsError)
  expect(define(tooLong)).toThrow(why)
})
