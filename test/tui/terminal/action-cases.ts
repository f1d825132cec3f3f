import { expect } from 'vitest'
import type { OperationName } from '../../../runtime/store/events.ts'
import type { RunFilter } from '../../../runtime/store/run-filter.ts'
import { confirm, fill, takesKeys, until } from './confirm.ts'
import type { Shop } from './shop.ts'
import { short } from './shop-screens.ts'
import type { Stage } from './stage.ts'

/*
 * Every action, by the keys that lead to it from Home: on one thing, on marked rows, on all that match. The cases of a shop
 * come one after the other: what one has changed is there for the next.
 */

export interface ActionCase {
  readonly title: string
  readonly command: string
  /** What is typed behind `:`. */
  readonly place: string
  /** Keys between that and the action's own. */
  readonly choose?: readonly string[]
  /** Takes back what the place would keep of that. */
  readonly leave?: readonly string[]
  /** Ids of what it is for, read before the keys. */
  targets(shop: Shop): Promise<readonly string[]>
  /** On the row under the cursor before anything is chosen; left out: the first target. */
  row?(shop: Shop): Promise<string>
  /** On the screen before anything is chosen, where an earlier case has changed it. */
  readonly ready?: RegExp
  /** On the screen once it is chosen. */
  readonly chosen?: RegExp
  /** What the dialog says. */
  asks(targets: readonly string[]): RegExp
  /** From the dialog to its confirmation; left out: `y`. Resolves to the command that does the same. */
  answer?(stage: Stage, targets: readonly string[]): Promise<string>
  /** The command that does the same, behind `durable-jobs`. */
  readonly equal: RegExp
  /** What is said once it is done. */
  done(targets: readonly string[]): RegExp
  effect(shop: Shop, targets: readonly string[]): Promise<void>
  readonly operation: OperationName
  readonly reason?: string
}

function runsOf(filter: RunFilter, limit = 100): (shop: Shop) => Promise<readonly string[]> {
  return async ({ jobs }) => (await jobs.inspector.runs({ ...filter, limit })).runs.map(({ id }) => id)
}

async function retriedOnce({ jobs }: Shop, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await expect.poll(async () => (await jobs.inspector.run(id))?.state).toBe('completed')
    const retries = (await jobs.inspector.history(id)).filter(
      ({ kind, by }) => kind === 'retry' && by === 'ana',
    )
    expect(retries).toHaveLength(1)
  }
}

async function cancelled({ jobs }: Shop, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await expect.poll(async () => (await jobs.inspector.run(id))?.state).toBe('cancelled')
    expect(await jobs.inspector.run(id)).toMatchObject({ by: 'ana' })
  }
}

async function removed({ jobs }: Shop, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await jobs.inspector.run(id)).toBeUndefined()
}

const many = (verb: string) => (targets: readonly string[]) =>
  new RegExp(`${verb} ${targets.length} runs \\(action act_`)

const findingCases: readonly ActionCase[] = [
  {
    ...{ title: 'mute a finding', command: 'mute', place: 'home' },
    targets: async ({ jobs }) => [(await jobs.attention())[0]?.id ?? ''],
    row: async ({ jobs }) => (await jobs.attention())[0]?.sentence.slice(0, 20) ?? '',
    asks: ([id]) => new RegExp(`mute ${id} in [\\s\\S]*left out of attention`),
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
    ready: /· muted .*muted until/,
    ...{ choose: ['G'], chosen: /▸ · muted/, leave: ['g'] },
    asks: ([id]) => new RegExp(`unmute ${id} in [\\s\\S]*y unmute`),
    equal: /attention unmute \S+ /,
    done: ([id]) => new RegExp(`${id} is no longer muted`),
    effect: async ({ jobs }) => expect(await jobs.inspector.mutes()).toEqual([]),
    operation: 'unmute finding',
  },
]

const retryCases: readonly ActionCase[] = [
  {
    ...{ title: 'retry one run', command: 'retry', place: 'runs state:failed job:refund' },
    targets: runsOf({ job: 'refund', states: ['failed'] }, 1),
    asks: ([id]) => new RegExp(`retry run ${id} in [\\s\\S]*y retry`),
    equal: /retry \S+ /,
    done: ([id]) => new RegExp(`run ${id} is ready again`),
    effect: retriedOnce,
    operation: 'retry run',
  },
  {
    ...{ title: 'retry marked runs', command: 'retry', place: 'runs state:failed job:settle' },
    choose: ['space', 'space'],
    targets: runsOf({ job: 'settle', states: ['failed'] }, 2),
    asks: () => /retry 2 runs in [\s\S]*2 would run 'charge' again/,
    equal: /retry \S+ \S+ /,
    done: many('retried'),
    effect: retriedOnce,
    operation: 'begin action',
  },
  {
    ...{ title: 'retry from a step', command: 'retry from step', place: 'runs state:failed job:settle' },
    targets: runsOf({ job: 'settle', states: ['failed'] }, 1),
    asks: () => /> charge +failed, 2 tries +runs again/,
    answer: async (stage) => {
      await until(stage, 'k', /> load +done, 1 try +runs again/)
      await until(stage, 'enter', /would run again: load, parcel\/pack, charge/)
      return confirm(stage)
    },
    equal: /retry \S+ --from load /,
    done: ([id]) => new RegExp(`run ${id} is ready again`),
    effect: async (shop, [id = '']) => {
      await retriedOnce(shop, [id])
      expect(shop.control.loads.get(id)).toBe(2)
    },
    operation: 'retry run',
  },
  {
    ...{ title: 'retry all that match', command: 'retry', place: 'runs state:failed job:settle' },
    choose: ['a'],
    targets: runsOf({ job: 'settle', states: ['failed'] }),
    asks: (targets) => new RegExp(`${targets.length} runs to retry; all of them were inspected`),
    equal: /retry --state failed --job settle --before /,
    done: many('retried'),
    effect: retriedOnce,
    operation: 'begin action',
  },
  {
    ...{ title: 'retry a whole failure', command: 'retry', place: 'failures job:refund' },
    targets: runsOf({ job: 'refund', states: ['failed'] }),
    row: async () => 'refund',
    asks: (targets) => new RegExp(`${targets.length} runs to retry`),
    equal: /retry --fingerprint f1:\S+ --before /,
    done: many('retried'),
    effect: retriedOnce,
    operation: 'begin action',
  },
]

const endingCases: readonly ActionCase[] = [
  {
    ...{ title: 'cancel one run', command: 'cancel', place: 'runs state:running job:ship' },
    targets: async ({ shipping }) => [shipping],
    asks: ([id]) => new RegExp(`cancel run ${id} in [\\s\\S]*reason`),
    answer: async (stage) => {
      await takesKeys(stage)
      await stage.press('tab')
      await fill(stage, 'reason', 'wrong way')
      await stage.press('enter')
      return confirm(stage)
    },
    equal: /cancel \S+ --reason 'wrong way' /,
    done: ([id]) => new RegExp(`run ${id} is cancel`),
    effect: cancelled,
    ...{ operation: 'cancel run', reason: 'wrong way' },
  },
  {
    ...{ title: 'cancel marked runs', command: 'cancel', place: 'runs queue:imports' },
    choose: ['space', 'space'],
    targets: runsOf({ queue: 'imports' }),
    asks: () => /cancel 2 runs in [\s\S]*2 would be cancelled/,
    equal: /cancel \S+ \S+ /,
    done: many('cancelled'),
    effect: cancelled,
    operation: 'begin action',
  },
  {
    ...{ title: 'cancel all that match', command: 'cancel', place: 'runs state:waiting job:sync' },
    choose: ['a'],
    targets: runsOf({ job: 'sync', states: ['waiting'] }),
    asks: (targets) => new RegExp(`${targets.length} runs to cancel`),
    equal: /cancel --state waiting --job sync --before /,
    done: many('cancelled'),
    effect: cancelled,
    operation: 'begin action',
  },
  {
    ...{ title: 'remove one run', command: 'remove', place: 'runs state:completed job:mail' },
    targets: runsOf({ job: 'mail', states: ['completed'] }, 1),
    asks: ([id]) => new RegExp(`remove run ${id} in [\\s\\S]*y remove`),
    equal: /remove \S+ /,
    done: ([id]) => new RegExp(`run ${id} is removed`),
    effect: removed,
    operation: 'remove run',
  },
  {
    ...{ title: 'remove marked runs', command: 'remove', place: 'runs state:completed job:mail' },
    choose: ['space', 'space', 'space'],
    targets: runsOf({ job: 'mail', states: ['completed'] }, 3),
    asks: () => /remove 3 runs in [\s\S]*3 would be removed/,
    equal: /remove \S+ \S+ \S+ /,
    done: many('removed'),
    effect: removed,
    operation: 'begin action',
  },
  {
    ...{ title: 'remove all that match, by their number', command: 'remove' },
    place: 'runs state:completed job:mail',
    choose: ['a'],
    targets: runsOf({ job: 'mail', states: ['completed'] }),
    asks: (targets) => new RegExp(`${targets.length} runs to remove[\\s\\S]*type ${targets.length}`),
    answer: async (stage, targets) => {
      await fill(stage, `type ${targets.length}`, String(targets.length))
      return confirm(stage)
    },
    equal: /remove --state completed --job mail --before /,
    done: many('removed'),
    effect: removed,
    operation: 'begin action',
  },
]

async function pausedBy({ jobs }: Shop, queue: string): Promise<string | undefined> {
  return (await jobs.inspector.queues()).find(({ name }) => name === queue)?.paused?.by
}

async function schedulePausedBy({ jobs }: Shop): Promise<string | undefined> {
  return (await jobs.inspector.schedules()).find(({ name }) => name === 'nightly')?.paused?.by
}

const pausingCases: readonly ActionCase[] = [
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

const fleetCases: readonly ActionCase[] = [
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

export const actionCases: readonly ActionCase[] = [
  ...findingCases,
  ...retryCases,
  ...endingCases,
  ...pausingCases,
  ...fleetCases,
]

/** On the row of the cursor before a case begins. */
export async function firstRow(
  { row, place }: ActionCase,
  shop: Shop,
  [first = '']: readonly string[],
): Promise<string> {
  if (row !== undefined) return row(shop)
  return place.startsWith('runs') ? short(first) : first
}
