import { describe, expectTypeOf, test } from 'vitest'
import type * as platform from '../../runtime/index.ts'
import type * as sdk from '../../sdk/index.ts'

type Returned<Name extends keyof sdk.Inspector> = sdk.Inspector[Name] extends (
  ...args: never[]
) => Promise<infer Value>
  ? Value
  : sdk.Inspector[Name]

/** The result type of each read, by its exported name: add new reads here. */
interface Reads {
  readonly address: string
  run: sdk.RunDetails | undefined
  holder: sdk.RunId | undefined
  heldKeys: sdk.HeldKeyPage
  duplicateOf: sdk.RunId | undefined
  ended: readonly sdk.RunId[]
  journal: readonly sdk.JournalEntry[]
  journalOutline: readonly sdk.JournalOutline[]
  history: readonly sdk.HistoryEntry[]
  executions: readonly sdk.ExecutionInfo[]
  runs: sdk.RunPage
  queues: readonly sdk.QueueInfo[]
  workers: readonly sdk.WorkerInfo[]
  limiters: readonly sdk.LimiterInfo[]
  limiterKeys: readonly sdk.LimiterKeyInfo[]
  limitHolders: sdk.LimitHolderPage
  waitlist: sdk.LimitWaiterPage
  linePlaces: readonly sdk.LinePlace[]
  waitGraph: sdk.WaitGraph
  leaders: readonly sdk.LeaderInfo[]
  counts: readonly sdk.RunCount[]
  isCounted: boolean
  readyClasses: readonly sdk.ReadyClass[]
  statistics: sdk.Statistics
  overview: sdk.Overview
  failures: readonly sdk.FailureGroup[]
  mutes: readonly sdk.Mute[]
  lostWorkers: readonly sdk.LostWorker[]
  action: sdk.ActionInfo | undefined
  actions: readonly sdk.ActionInfo[]
  planAction: readonly sdk.RunForecast[]
  events: sdk.EventPage
  throughput: readonly sdk.ThroughputCell[]
  checks: readonly sdk.StoreCheck[]
  definitions: readonly sdk.DefinitionInfo[]
  schedules: readonly sdk.ScheduleInfo[]
  ledger: readonly sdk.LedgerLine[]
  onChange: (listener: () => void) => sdk.Unsubscribe
}

declare const jobs: sdk.Jobs

describe('the inspector', () => {
  test('resolves to named types', () => {
    expectTypeOf<{ [Name in keyof sdk.Inspector]: Returned<Name> }>().toEqualTypeOf<Reads>()
  })

  test('is the same from both entry points', () => {
    expectTypeOf<platform.Inspector>().toEqualTypeOf<sdk.Inspector>()
    expectTypeOf(jobs.inspector).toEqualTypeOf<sdk.Inspector>()
  })

  test('reports the open step only of runs that are held', async () => {
    const run = await jobs.inspector.run('id')
    if (run?.state === 'running') expectTypeOf(run.step).toEqualTypeOf<sdk.RunningStep | undefined>()
    // @ts-expect-error: a ready run is in no step
    if (run?.state === 'ready') run.step
  })
})

describe('a handle', () => {
  test('reports the result of its enqueue, and one by id does not', async () => {
    const job = {} as sdk.Job<undefined, string>
    const handle = await jobs.enqueue(job)
    expectTypeOf(handle.outcome).toEqualTypeOf<'created' | 'joined' | 'replaced'>()
    expectTypeOf(handle.replaced).toEqualTypeOf<sdk.RunId | undefined>()
    // @ts-expect-error: nothing was enqueued
    jobs.run('id').outcome
  })

  test('lists its steps', async () => {
    expectTypeOf(await jobs.run('id').steps()).toEqualTypeOf<sdk.RunStep[]>()
  })
})
