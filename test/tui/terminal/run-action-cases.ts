import { expect } from 'vitest'
import type { RunFilter } from '../../../runtime/store/run-filter.ts'
import type { ActionCase } from './action-case.ts'
import { confirm, fill, takesKeys, until } from './confirm.ts'
import type { Shop } from './shop.ts'

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

/** On one run, on marked ones, on all that match. */
export const runActionCases: readonly ActionCase[] = [...retryCases, ...endingCases]
