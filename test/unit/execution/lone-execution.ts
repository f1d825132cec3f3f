import { expect } from 'vitest'
import { Execution, type ExecutionOutbox } from '../../../runtime/execution/execution.ts'
import { Macrotasks } from '../../../runtime/execution/macrotasks.ts'
import { encodeValue } from '../../../runtime/model/codec.ts'
import type { JournalEntry } from '../../../runtime/model/journal.ts'
import type { ClaimedRun } from '../../../runtime/store/store.ts'
import type { Job } from '../../../sdk/index.ts'
import type { FakeClock } from '../../support/fake-clock.ts'
import { LineLog } from '../../support/line-log.ts'

interface LoneExecution {
  readonly clock: FakeClock
  readonly outbox: ExecutionOutbox
  readonly entries?: readonly JournalEntry[]
}

/** An execution without a worker: of a job without limits, whose journal is these entries. */
export function loneExecution(job: Job, { clock, outbox, entries = [] }: LoneExecution): Execution {
  const unused = (): never => expect.unreachable('the job has no limits and one page of journal')
  const run: ClaimedRun = {
    ...{
      id: 'r1',
      job: job.name,
      version: 1,
      queue: 'default',
      fence: 1,
      attempt: 1,
      losses: 0,
      enqueuedAt: 0,
    },
    ...{ tags: [], headers: {}, input: encodeValue(undefined, 'input'), journalBytes: 0 },
    position: entries.at(-1)?.position ?? 0,
    journal: { entries, more: false },
  }
  const input = { run, job, digest: 'd', cover: { coverOnce: unused } }
  return new Execution(input, {
    ...{ clock, macrotasks: new Macrotasks(clock), stepHooks: [], runHooks: [], maxValueBytes: 1_000 },
    log: new LineLog(),
    readPage: unused,
    limitStore: { defineLimiters: unused, acquire: unused, closeKeys: unused, correctCost: unused },
    listener: { idle: () => undefined },
    outbox,
  })
}
