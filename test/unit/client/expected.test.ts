import { expect, test } from 'vitest'
import { defineJob, type Jobs, StaleWriteError } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'

const tidy = defineJob({ name: 'tidy' }, () => undefined)

test('a manual write expects what a read returned', async () => {
  const { jobs } = await openFixture()
  await jobs.schedules.put('nightly', tidy, { cron: '@daily' })
  const [{ revision } = { revision: 0 }] = await jobs.schedules.list()
  await jobs.schedules.pause('nightly', { expected: { revision } })
  const [paused] = await jobs.schedules.list()
  const pausedAt = paused?.paused?.at.getTime() ?? 0
  await expect(jobs.schedules.resume('nightly', { expected: { revision } })).rejects.toThrow(StaleWriteError)
  await jobs.schedules.resume('nightly', { expected: { revision, pausedAt } })
  await jobs.pauseQueue('mail', { expected: {} })
  await expect(jobs.pauseQueue('mail', { expected: {} })).rejects.toThrow("queue 'mail' has changed")
  const until = (await jobs.muteFinding('a', { for: '1m', expected: {} })).getTime()
  expect(await jobs.unmuteFinding('a', { expected: { until } })).toBe(true)
})

test('a trigger requires the schedule that was seen; its repeat returns the same run', async () => {
  const { jobs } = await openFixture()
  await jobs.schedules.put('nightly', tidy, { cron: '@daily' })
  const write = { requestId: 'once', expected: { revision: 1 } }
  const { id } = await jobs.schedules.trigger('nightly', write)
  await jobs.schedules.put('nightly', tidy, { cron: '@hourly' })
  expect((await jobs.schedules.trigger('nightly', write)).id).toBe(id)
  await expect(jobs.schedules.trigger('nightly', { expected: { revision: 1 } })).rejects.toMatchObject({
    code: 'STALE_WRITE',
  })
  expect((await jobs.inspector.runs({ limit: 10 })).runs.map((run) => [run.id, run.schedule])).toEqual([
    [id, 'nightly'],
  ])
})

test.each<[string, (jobs: Jobs) => Promise<unknown>]>([
  ['an invalid time', (jobs) => jobs.pauseQueue('mail', { expected: { pausedAt: Number.NaN } })],
  [
    'an unknown field',
    (jobs) => jobs.unmuteFinding('a', { expected: { revision: 1 } as { until?: number } }),
  ],
])('%s is refused', async (_, write) => {
  const { jobs } = await openFixture()
  await expect(write(jobs)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
})
