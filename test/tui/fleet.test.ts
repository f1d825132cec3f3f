import { describe, expect, onTestFinished, test } from 'vitest'
import type { Jobs } from '../../runtime/client/client.ts'
import { StoreFormatError, StoreUnavailableError } from '../../runtime/model/errors.ts'
import type { Overview } from '../../runtime/store/overview.ts'
import { Fleet } from '../../tui/fleet/fleet.ts'
import type { FleetView } from '../../tui/fleet/fleet-view.ts'
import { ScreenReader, type Wanted } from '../../tui/fleet/screen-reader.ts'
import type { ReadRequest } from '../../tui/screens/screen.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { queue, snapshot } from '../support/snapshot.ts'

class FakeStore {
  reads = 0
  closed = 0
  failure: Error | undefined
  queues: Overview['queues'] = []

  readonly inspector = {
    overview: async (): Promise<Overview> => {
      this.reads++
      if (this.failure !== undefined) throw this.failure
      return snapshot({ now: this.reads * 1_000, queues: this.queues }).overview
    },
    checks: async () => [],
  }

  async close(): Promise<void> {
    this.closed++
  }
}

function watched(
  store: FakeStore,
  connect = async () => store,
): { clock: FakeClock; views: FleetView[]; fleet: Fleet } {
  const clock = new FakeClock()
  const views: FleetView[] = []
  const fleet = new Fleet({
    ...{ clock, publish: (view) => views.push(view) },
    connect: () => connect() as unknown as Promise<Jobs>,
  })
  onTestFinished(async () => {
    await fleet.close()
  })
  fleet.start()
  return { clock, views, fleet }
}

describe('the fleet', () => {
  test('is read once a second', async () => {
    const store = new FakeStore()
    const { clock, views } = watched(store)
    await clock.advance(10_500)
    expect(store.reads).toBe(11)
    expect(views.every(({ connection }) => connection.kind === 'live')).toBe(true)
  })

  test('is looking until its second read, which raises findings', async () => {
    const { clock, views } = watched(new FakeStore())
    await clock.advance(2_500)
    expect(views.map(({ isLooking }) => isLooking)).toEqual([true, false, false])
  })

  test('is looking while a finding was seen once', async () => {
    const store = new FakeStore()
    const { clock, views } = watched(store)
    await clock.advance(1_500)
    store.queues = [queue('mail', { paused: { by: 'ana', at: 0 }, ready: 1 })]
    await clock.advance(2_000)
    expect(views.map(({ findings, isLooking }) => [findings.length, isLooking])).toEqual([
      [0, true],
      [0, false],
      [0, true],
      [1, false],
    ])
  })

  test('is read at once on request of the user', async () => {
    const store = new FakeStore()
    const { clock, fleet } = watched(store)
    await clock.settle()
    fleet.reload()
    await clock.settle()
    expect(store.reads).toBe(2)
  })

  test('retains its data while the store is away, and retries after 1, 2, 3, then every 5 s', async () => {
    const store = new FakeStore()
    const { clock, views } = watched(store)
    await clock.advance(500)
    store.failure = new StoreUnavailableError('no reply', { kind: 'silent' })
    await clock.advance(500)
    const tries: number[] = []
    for (let second = 0; second < 22; second++) {
      const before = store.reads
      await clock.advance(1_000)
      if (store.reads > before) tries.push(second + 1)
    }
    expect(tries).toEqual([1, 3, 6, 11, 16, 21])
    const last = views.at(-1)
    expect(last?.connection).toMatchObject({ kind: 'offline', message: 'no reply', since: 0, attempt: 7 })
    expect(last?.overview).toBe(views[0]?.overview)
    store.failure = undefined
    await clock.advance(5_000)
    expect(views.at(-1)?.connection.kind).toBe('live')
  })

  test('is away since the end of the last successful read, not since the read after it failed', async () => {
    const store = new FakeStore()
    const { clock, views } = watched(store)
    await clock.advance(2_500)
    const isOver = Promise.withResolvers<Overview>()
    store.inspector.overview = () => isOver.promise
    await clock.advance(4_500)
    isOver.reject(new StoreUnavailableError('no reply', { kind: 'silent' }))
    await clock.settle()
    expect(views.at(-1)?.connection).toMatchObject({ kind: 'offline', since: 2_000, attempt: 1 })
  })

  test('that was never reached is away since the first try', async () => {
    const isOver = Promise.withResolvers<FakeStore>()
    const { clock, views } = watched(new FakeStore(), () => isOver.promise)
    await clock.advance(4_500)
    isOver.reject(new StoreUnavailableError('no reply', { kind: 'silent' }))
    await clock.settle()
    expect(views.at(-1)?.connection).toMatchObject({ kind: 'offline', since: 0, attempt: 1 })
  })

  test.each([
    ['forbidden', new StoreUnavailableError('grant +evalsha', { kind: 'forbidden' })],
    ['newer', new StoreFormatError('written by a newer version')],
  ] as const)('reports a failure that no retry fixes: %s', async (kind, failure) => {
    const store = new FakeStore()
    store.failure = failure
    const { clock, views } = watched(store)
    await clock.settle()
    expect(views.at(-1)?.connection).toMatchObject({ kind, message: failure.message })
  })

  test('reconnects until the store is available, and closes it', async () => {
    const store = new FakeStore()
    let tries = 0
    const { clock, views, fleet } = watched(store, async () => {
      if (++tries < 3) throw new StoreUnavailableError('refused')
      return store
    })
    await clock.advance(3_500)
    expect(tries).toBe(3)
    expect(views.at(-1)?.connection.kind).toBe('live')
    await fleet.close()
    expect(store.closed).toBe(1)
  })
})

const request: ReadRequest = { now: 0, filter: '', range: '5m', wanted: 100, own: {} }

interface Reading {
  readonly clock: FakeClock
  readonly reader: ScreenReader
  readonly reports: [place: number, outcome: unknown][]
  want(place: number, load: () => Promise<unknown>, over?: Partial<Wanted>): void
}

function reading(): Reading {
  const clock = new FakeClock()
  const reports: [number, unknown][] = []
  const reader = new ScreenReader({
    ...{ clock, jobs: () => ({}) as Jobs },
    report: ({ place }, outcome) => reports.push([place, outcome]),
  })
  onTestFinished(() => reader.close())
  return {
    ...{ clock, reader, reports },
    want: (place, load, over) =>
      reader.want({ place, key: '', request, read: { everyMs: 1_000, load }, before: undefined, ...over }),
  }
}

describe('the reader of the shown screen', () => {
  test('reads as often as the screen specifies', async () => {
    const { clock, reader, reports, want } = reading()
    want(1, async () => 'data')
    reader.start()
    await clock.advance(3_500)
    expect(reports).toHaveLength(4)
  })

  test('continues from the result of the last read', async () => {
    const { clock, reader } = reading()
    const seen: unknown[] = []
    const load = async (_: Jobs, __: ReadRequest, before: unknown): Promise<unknown> => seen.push(before)
    reader.want({ place: 1, key: '', request, read: { everyMs: 1_000, load }, before: undefined })
    reader.start()
    await clock.advance(2_500)
    expect(seen).toEqual([undefined, 1, 2])
  })

  test('reads another place at once, and drops the read in progress for the one before', async () => {
    const { clock, reader, reports, want } = reading()
    const slow = Promise.withResolvers<string>()
    want(1, () => slow.promise)
    reader.start()
    await clock.settle()
    want(2, async () => 'new')
    slow.resolve('old')
    await clock.settle()
    expect(reports).toEqual([[2, { kind: 'read', data: 'new' }]])
  })

  test('reads at once when the cursor has moved, for a screen that follows it', async () => {
    const { clock, reader, reports } = reading()
    const load = async (_: Jobs, { current }: ReadRequest): Promise<unknown> => current
    const at = (current: string, followsCursor?: true): void => {
      const read = { everyMs: 1_000, load, ...(followsCursor === undefined ? {} : { followsCursor }) }
      reader.want({ place: 1, key: '', request: { ...request, current }, read, before: undefined })
    }
    at('a', true)
    reader.start()
    await clock.settle()
    at('b', true)
    await clock.settle()
    at('b', true)
    await clock.settle()
    at('c')
    await clock.settle()
    expect(reports.map(([, outcome]) => outcome)).toEqual([
      { kind: 'read', data: 'a' },
      { kind: 'read', data: 'b' },
    ])
  })

  test('reads on at once after a partial read, and later again after a failed one', async () => {
    const { clock, reader, reports, want } = reading()
    let reads = 0
    const load = async (): Promise<number> => {
      if (++reads === 3) throw new StoreUnavailableError('away')
      return reads
    }
    want(1, load, { read: { everyMs: 1_000, load, isPartial: (data) => data === 1 } })
    reader.start()
    await clock.advance(30)
    expect(reads).toBe(2)
    await clock.advance(1_000)
    expect(reports.at(-1)).toEqual([1, { kind: 'failed', problem: 'away' }])
    await clock.advance(1_900)
    expect(reads).toBe(3)
    await clock.advance(200)
    expect(reads).toBe(4)
  })
})
