import { expect, test } from 'vitest'
import { CronTicks } from '../../../runtime/model/cron.ts'
import { tickTimes } from '../../../tui/text/tick-times.ts'

const now = Date.UTC(2026, 2, 28, 1)

test('the next ticks are shown in their own zone and in that of the user', () => {
  const fires = new CronTicks('30 2 * * *', 'Europe/Berlin', 'test').preview(now, 2)
  expect(tickTimes(fires, 'America/New_York', now)).toEqual([
    { distance: 'in 30m0s', zone: '2026-03-28 02:30:00 +01:00', local: '2026-03-27 21:30:00 -04:00' },
    {
      distance: 'in 1d0h',
      zone: '2026-03-29 03:00:00 +02:00',
      local: '2026-03-28 21:00:00 -04:00',
      clockChange: expect.stringContaining('does not exist that day'),
    },
  ])
})

test('a user in the same zone sees the time once', () => {
  const fires = new CronTicks('0 2 * * *', 'UTC', 'test').preview(now, 1)
  expect(tickTimes(fires, 'UTC', now + 3_600_000)).toEqual([
    { distance: 'now', zone: '2026-03-28 02:00:00 +00:00' },
  ])
})
