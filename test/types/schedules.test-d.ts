import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineJob, type Jobs, type RunInfo } from '../../sdk/index.ts'

const input = z.object({ file: z.string(), at: z.coerce.date() })
const cron = '0 3 * * *'

test('the input of a schedule is the input that callers of the job pass', () => {
  defineJob({ name: 'a', input, schedule: { cron, input: { file: 'a', at: '2030-01-01' } } }, () => 1)
  // @ts-expect-error a field is missing
  defineJob({ name: 'a', input, schedule: { cron, input: { at: '2030-01-01' } } }, () => 1)
  // @ts-expect-error a job with an input can't run without one
  defineJob({ name: 'a', input, schedule: { cron } }, () => 1)
  defineJob({ name: 'a', schedule: { cron, missed: 'all', overlap: 'queue', jitter: '5s' } }, () => 1)
  // @ts-expect-error no such policy
  defineJob({ name: 'a', schedule: { cron, missed: 'some' } }, () => 1)
})

test('put requires the input of its job', () => {
  const typed = defineJob<{ file: string }>({ name: 'typed' }, () => 1)
  const put = (jobs: Jobs): unknown[] => [
    jobs.schedules.put('a', typed, { cron, input: { file: 'a' } }),
    // @ts-expect-error the input is missing
    jobs.schedules.put('a', typed, { cron }),
    // @ts-expect-error the input is another one
    jobs.schedules.put('a', typed, { cron, input: { file: 7 } }),
  ]
  expectTypeOf(put).returns.toEqualTypeOf<unknown[]>()
})

test('a run may have a tick', () => {
  expectTypeOf<RunInfo['schedule']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<RunInfo['scheduledFor']>().toEqualTypeOf<Date | undefined>()
})
