import { expect } from 'vitest'
import type { ActionCase } from './action-case.ts'
import { confirm, fill } from './confirm.ts'
import type { Shop } from './shop.ts'

/** Of findings; first of all, while there are some. */
export const findingCases: readonly ActionCase[] = [
  {
    ...{ title: 'mute a finding', command: 'mute', place: 'home' },
    targets: async ({ jobs }) => [(await jobs.attention())[0]?.id ?? ''],
    row: async ({ jobs }) => (await jobs.attention())[0]?.sentence.slice(0, 20) ?? '',
    asks: ([id]) => new RegExp(`mute ${id} in [\\s\\S]*attention would hide it`),
    answer: async (stage) => {
      await fill(stage, 'for', '2h')
      await stage.press('enter', 'enter')
      return confirm(stage)
    },
    equal: /attention mute \S+ --for 2h /,
    done: ([id]) => new RegExp(`${id} is muted until`),
    effect: async ({ jobs }, [id]) =>
      expect(await jobs.inspector.mutes()).toMatchObject([{ finding: id, by: 'ana' }]),
    operation: 'mute finding',
  },
  {
    ...{ title: 'unmute a finding', command: 'unmute', place: 'home' },
    targets: async ({ jobs }) => (await jobs.inspector.mutes()).map(({ finding }) => finding),
    row: async () => '',
    ready: /‖ muted /,
    ...{ choose: ['G'], chosen: /▸ ‖ muted/, leave: ['g'] },
    asks: ([id]) => new RegExp(`unmute ${id} in [\\s\\S]*y unmute`),
    equal: /attention unmute \S+ /,
    done: ([id]) => new RegExp(`${id} is no longer muted`),
    effect: async ({ jobs }) => expect(await jobs.inspector.mutes()).toEqual([]),
    operation: 'unmute finding',
  },
]

async function pausedBy({ jobs }: Shop, queue: string): Promise<string | undefined> {
  return (await jobs.inspector.queues()).find(({ name }) => name === queue)?.paused?.by
}

async function schedulePausedBy({ jobs }: Shop): Promise<string | undefined> {
  return (await jobs.inspector.schedules()).find(({ name }) => name === 'nightly')?.paused?.by
}

/** Of queues and schedules. */
export const pausingCases: readonly ActionCase[] = [
  {
    ...{ title: 'pause a queue', command: 'pause or resume', place: 'queues mail' },
    targets: async () => ['mail'],
    asks: () => /pause queue mail in [\s\S]*y pause/,
    equal: /pause mail /,
    done: () => /queue mail is paused/,
    effect: async (shop) => expect(await pausedBy(shop, 'mail')).toBe('ana'),
    operation: 'pause queue',
  },
  {
    ...{ title: 'resume a queue', command: 'pause or resume', place: 'queues mail' },
    targets: async () => ['mail'],
    ready: /mail .*‖ paused by ana/,
    asks: () => /resume queue mail in [\s\S]*y resume/,
    equal: /resume mail /,
    done: () => /queue mail runs again/,
    effect: async (shop) => expect(await pausedBy(shop, 'mail')).toBeUndefined(),
    operation: 'resume queue',
  },
  {
    ...{ title: 'pause a queue on Home', command: 'pause or resume', place: 'home' },
    ...{ choose: ['tab'], leave: ['tab'] },
    targets: async () => ['default'],
    row: async () => '',
    chosen: /▸ +default /,
    asks: () => /pause queue default in [\s\S]*y pause/,
    equal: /pause default /,
    done: () => /queue default is paused/,
    effect: async (shop) => expect(await pausedBy(shop, 'default')).toBe('ana'),
    operation: 'pause queue',
  },
  {
    ...{ title: 'pause a schedule', command: 'pause or resume', place: 'cron nightly' },
    targets: async () => ['nightly'],
    asks: () => /pause schedule nightly in [\s\S]*y pause/,
    equal: /schedules pause nightly /,
    done: () => /schedule nightly is paused/,
    effect: async (shop) => expect(await schedulePausedBy(shop)).toBe('ana'),
    operation: 'pause schedule',
  },
  {
    ...{ title: 'resume a schedule', command: 'pause or resume', place: 'cron nightly' },
    targets: async () => ['nightly'],
    ready: /nightly .*paused/,
    asks: () => /resume schedule nightly in [\s\S]*y resume/,
    equal: /schedules resume nightly /,
    done: () => /schedule nightly fires again/,
    effect: async (shop) => expect(await schedulePausedBy(shop)).toBeUndefined(),
    operation: 'resume schedule',
  },
  {
    ...{ title: 'trigger a schedule', command: 'trigger', place: 'cron nightly' },
    targets: async () => ['nightly'],
    asks: () => /trigger schedule nightly in [\s\S]*y trigger/,
    equal: /schedules trigger nightly /,
    done: () => /run \S+ is enqueued/,
    effect: async ({ jobs }) => {
      const { runs } = await jobs.inspector.runs({ job: 'mail', limit: 10 })
      expect(runs).toHaveLength(1)
    },
    operation: 'trigger schedule',
  },
]

/** Of limiters and workers. */
export const fleetCases: readonly ActionCase[] = [
  {
    ...{ title: 'set a limiter', command: 'set limiter', place: 'limits gateway' },
    targets: async () => ['gateway'],
    asks: () => / set limiter gateway in [\s\S]*now limit 500[\s\S]* limit 500_/,
    answer: async (stage) => {
      await fill(stage, 'limit', '7')
      await stage.press('enter', 'enter', 'enter')
      return confirm(stage)
    },
    equal: /limits gateway --set limit=7 --set window=1h /,
    done: () => /limiter gateway is now fixedWindow, limit 7/,
    effect: async ({ jobs }) => {
      const gateway = (await jobs.limits.list()).find(({ name }) => name === 'gateway')
      expect(gateway).toMatchObject({ rule: { max: 7 }, byHand: { by: 'ana' } })
    },
    operation: 'change limiter',
  },
  {
    ...{ title: 'reset a limiter', command: 'reset limiter', place: 'limits gateway' },
    targets: async () => ['gateway'],
    ready: /gateway +limit 7/,
    asks: () => / reset limiter gateway in [\s\S]*y reset /,
    equal: /limits gateway --reset /,
    done: () => /limiter gateway is now fixedWindow, limit 500/,
    effect: async ({ jobs }) => {
      const gateway = (await jobs.limits.list()).find(({ name }) => name === 'gateway')
      expect(gateway?.rule.max).toBe(500)
      expect(gateway?.byHand).toBeUndefined()
    },
    operation: 'reset limiter',
  },
  {
    ...{ title: 'drain a worker', command: 'drain', place: 'workers shop-b' },
    targets: async () => ['shop-b'],
    asks: () => /drain worker shop-b in [\s\S]*1 other worker has all of its jobs/,
    equal: /drain shop-b /,
    done: () => /worker shop-b is draining/,
    effect: async ({ jobs }) => {
      const names = async () => (await jobs.inspector.workers()).map(({ name }) => name)
      await expect.poll(names).toEqual(['shop-a'])
    },
    operation: 'drain worker',
  },
]
