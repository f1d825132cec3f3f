import { expect, test } from 'vitest'
import { Execution, type Stop } from '../../../runtime/execution/execution.ts'
import { stepTools } from '../../../runtime/execution/step-tools.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import type { ClaimedRun, EntryAnswer } from '../../../runtime/store/store.ts'
import { LineLog } from '../fargate/line-log.ts'
import { gate } from '../workshop.ts'

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

/** An execution that is stopped while an at-most-once intent is on its way to a store that then stores it. */
async function stopDuringIntent(stop: Stop): Promise<{
  readonly execution: Execution
  readonly phases: readonly string[]
  readonly begun: () => number
}> {
  const log = new LineLog()
  const [sent, replies] = [gate(), gate<EntryAnswer>()]
  const phases: string[] = []
  let begun = 0
  const unused = (): never => expect.unreachable('the job has no limits and one page of journal')
  const { id, job, version, queue, attempt, losses, tags, headers } = run
  const info = {
    id,
    job,
    version,
    queue,
    attempt,
    losses,
    tags,
    headers,
    enqueuedAt: new Date(0),
    protect: false,
  }
  const execution = new Execution(run, info, {
    ...{ clock: systemClock, log, middleware: [], maxValueBytes: 1_000, version: 1 },
    ...{ defineLimiters: unused, acquire: unused, closeKeys: unused, correctCost: unused, readPage: unused },
    onIdle: () => undefined,
    coverOnce: async () => () => undefined,
    submit: ({ record: { path, phase } }) => {
      phases.push(`${path} ${phase}`)
      if (phase !== 'intent') return Promise.resolve({ kind: 'stored' })
      sent.open()
      return replies.opened
    },
  })
  const step = stepTools(execution)
  execution.begin(async () => {
    await step.run('pay', () => void begun++, { atMostOnce: true })
    return step.run('mail', () => 'sent')
  })
  await sent.opened
  expect(execution.insideOnce).toBe(true)
  execution.stop(stop)
  replies.open({ kind: 'stored' })
  return { execution, phases, begun: () => begun }
}

test.for<Stop>([{ kind: 'draining' }, { kind: 'unprotected' }])(
  'R12: a body whose intent was being stored when the run was to be handed over ($kind) begins, and ends, first',
  async (stop) => {
    const { execution, phases, begun } = await stopDuringIntent(stop)
    expect(await execution.nextTurn()).toEqual({ kind: 'stopped', stop })
    expect([begun(), phases]).toEqual([1, ['pay intent', 'pay done']])
    expect(execution.insideOnce).toBe(false)
  },
)

test.for<Stop>([{ kind: 'cancelled' }, { kind: 'timed out' }])(
  'a body whose intent was being stored when the run was $kind does not begin',
  async (stop) => {
    const { execution, phases, begun } = await stopDuringIntent(stop)
    expect(await execution.nextTurn()).toEqual({ kind: 'stopped', stop })
    await execution.settleBodies()
    expect([begun(), phases]).toEqual([0, ['pay intent']])
  },
)

test('a body whose intent was being stored when the lease was lost does not begin, not even in a drain', async () => {
  const { execution, phases, begun } = await stopDuringIntent({ kind: 'draining' })
  execution.stop({ kind: 'lost' })
  await execution.lost
  await execution.settleBodies()
  await execution.hop()
  expect([begun(), phases]).toEqual([0, ['pay intent']])
})
