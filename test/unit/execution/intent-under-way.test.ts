import { expect, test } from 'vitest'
import { CurrentRun } from '../../../runtime/execution/current-run.ts'
import { Macrotasks } from '../../../runtime/execution/macrotasks.ts'
import { StepScheduler } from '../../../runtime/execution/step-scheduler.ts'
import { stepTools } from '../../../runtime/execution/step-tools.ts'
import type { Stop } from '../../../runtime/execution/stop.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import type { ClaimedRun, EntryReply } from '../../../runtime/store/store.ts'
import { defineJob } from '../../../sdk/index.ts'
import { gate } from '../../support/fixture.ts'
import { LineLog } from '../../support/line-log.ts'

const run: ClaimedRun = {
  ...{
    id: 'r1',
    job: 'charge',
    version: 1,
    queue: 'default',
    fence: 1,
    attempt: 1,
    losses: 0,
    enqueuedAt: 0,
  },
  ...{ tags: [], headers: {}, input: new Uint8Array(), position: 0, journalBytes: 0 },
  journal: { entries: [], more: false },
}

/**
 * An execution that is stopped while an at-most-once intent is in flight to a store that then stores it. `beside`: the
 * pause of a failed step is sent with the intent.
 */
async function stopDuringIntent(
  stop: Stop,
  beside = false,
): Promise<{
  readonly execution: StepScheduler
  readonly phases: readonly string[]
  readonly begun: () => number
}> {
  const log = new LineLog()
  const [sent, ofPause, ofIntent] = [gate(), gate<EntryReply>(), gate<EntryReply>()]
  const phases: string[] = []
  let begun = 0
  const unused = (): never => expect.unreachable('the job has no limits and one page of journal')
  const charge = defineJob({ name: 'charge' }, () => undefined)
  const cover = { coverOnce: async () => () => undefined }
  const execution = new StepScheduler(new CurrentRun(run, charge, log), cover, {
    ...{ clock: systemClock, macrotasks: new Macrotasks(systemClock), stepHooks: [], maxValueBytes: 1_000 },
    readPage: unused,
    limitStore: { defineLimiters: unused, acquire: unused, closeKeys: unused, correctCost: unused },
    listener: { idle: () => undefined },
    outbox: {
      submit: ({ record: { path, phase } }) => {
        phases.push(`${path} ${phase}`)
        if (phase !== 'intent' && phase !== 'retrying') return Promise.resolve({ kind: 'stored' })
        if (phases.length === (beside ? 2 : 1)) sent.open()
        return phase === 'intent' ? ofIntent.opened : ofPause.opened
      },
    },
  })
  const step = stepTools(execution)
  execution.begin(async () => {
    const pay = step.run('pay', () => void begun++, { atMostOnce: true })
    const fail = (): never => {
      throw new Error('try later')
    }
    if (beside) await step.run('flaky', fail)
    await pay
    return step.run('mail', () => 'sent')
  }, undefined)
  await sent.opened
  execution.stop(stop)
  ofPause.open({ kind: 'stored' })
  ofIntent.open({ kind: 'stored' })
  return { execution, phases, begun: () => begun }
}

test.for<Stop>([{ kind: 'draining' }, { kind: 'unprotected' }])(
  'R12: a body whose intent was being stored at a hand-over ($kind) begins, and ends, first',
  async (stop) => {
    const { execution, phases, begun } = await stopDuringIntent(stop)
    expect(await execution.nextEvent()).toEqual({ kind: 'stopped', stop })
    expect([begun(), phases]).toEqual([1, ['pay intent', 'pay done']])
  },
)

test('R12: the same beside a step that is to pause, which alone would be handed over at once', async () => {
  const stop: Stop = { kind: 'draining' }
  const { execution, phases, begun } = await stopDuringIntent(stop, true)
  expect(await execution.nextEvent()).toEqual({ kind: 'stopped', stop })
  expect(begun()).toBe(1)
  expect(phases.toSorted()).toEqual(['flaky retrying', 'pay done', 'pay intent'])
})

test.for<Stop>([{ kind: 'cancelled' }, { kind: 'timed out' }])(
  'a body whose intent was being stored when the run was $kind does not begin',
  async (stop) => {
    const { execution, phases, begun } = await stopDuringIntent(stop)
    expect(await execution.nextEvent()).toEqual({ kind: 'stopped', stop })
    await execution.bodies.allEndInGrace()
    expect([begun(), phases]).toEqual([0, ['pay intent']])
  },
)

test('a body whose intent was being stored when the lease was lost does not begin, not even in a drain', async () => {
  const { execution, phases, begun } = await stopDuringIntent({ kind: 'draining' })
  const lost = gate()
  execution.onLost(() => lost.open())
  execution.stop({ kind: 'lost' })
  await lost.opened
  await execution.bodies.allEndInGrace()
  await new Promise(setImmediate)
  expect([begun(), phases]).toEqual([0, ['pay intent']])
})
