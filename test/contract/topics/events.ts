import { expect } from 'vitest'
import { defined } from '../../../runtime/model/defined.ts'
import type { RunId } from '../../../runtime/model/run-id.ts'
import type { EventLog, StoreEvent } from '../../../runtime/store/events.ts'
import { type Store, type ThroughputCell, throughputMinutes } from '../../../runtime/store/store.ts'
import { byHand, leaseMs, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, type TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'
import { maxEvents, readAllEvents, readRunEvents } from '../read-events.ts'

const minuteMs = 60_000

/** The transitions of one run, oldest first. */
async function movesOf(store: Store, id: RunId): Promise<string[]> {
  const events = await readRunEvents(store)
  return events.filter(({ run }) => run === id).map(({ transition, state }) => `${transition} > ${state}`)
}

async function newestCursor(store: Store): Promise<string> {
  return (await store.events({ limit: 1 })).cursor
}

/** Moves the store's time to where a minute begins. */
function beginMinute({ advance, now }: Pick<Contract, 'advance' | 'now'>): number {
  advance(minuteMs - (now() % minuteMs))
  return now()
}

/** The only cell of the minute that runs. */
async function currentCell(store: Store): Promise<ThroughputCell> {
  const [cell, ...others] = await store.throughput(1)
  expect(others).toEqual([])
  if (cell === undefined) throw new Error('there was to be a cell')
  return cell
}

/** Has a new worker claim the run and vanish, and a bodyLog find out. */
async function loseOnce({ worker, letLeaseExpire }: Contract, bodyLog: TestWorker): Promise<void> {
  await (await worker()).claimOne()
  await letLeaseExpire(bodyLog)
  await bodyLog.claim(0)
}

/** Lets the pause after a loss pass, with a bodyLog that keeps its lease. */
async function passPause({ advance }: Contract, bodyLog: TestWorker): Promise<void> {
  for (let passed = 0; passed < 2 * minuteMs; passed += leaseMs / 2) {
    advance(leaseMs / 2)
    await bodyLog.renew()
  }
  await bodyLog.claim(0)
}

export function eventsContract(open: Open): void {
  contractTest(open, 'the life of a run is logged in order', async ({ store, worker, advance, now }) => {
    expect(await readRunEvents(store)).toEqual([])
    const run = newRun({ job: 'send', queue: 'mail' })
    const enqueuedAt = now()
    await store.enqueue([run])
    advance(5)
    const first = await worker({ jobs: [{ name: 'send', version: 1, queue: 'mail', digest: 'first' }] })
    const claimed = await first.claimOne()
    advance(7)
    await first.settle(claimed, completed)
    const base = { kind: 'run', cursor: expect.any(String), run: run.id, job: 'send', queue: 'mail' }
    expect(await readRunEvents(store)).toEqual([
      { ...base, at: enqueuedAt, transition: 'enqueue', state: 'ready' },
      { ...base, at: enqueuedAt + 5, transition: 'claim', state: 'running' },
      { ...base, at: enqueuedAt + 12, transition: 'complete', state: 'completed' },
    ])
  })

  contractTest(
    open,
    'waits, hand-overs, a block, a failure and a retry have events of their own',
    async ({ store, worker, advance }) => {
      const run = newRun({ start: { kind: 'in', ms: 100 } })
      await store.enqueue([run])
      const first = await worker()
      advance(100)
      await first.settle(await first.claimOne(), { kind: 'retrying', error: plainError, delayMs: 50 })
      advance(50)
      const sleeper = await first.claimOne()
      await first.append(sleeper, waiting('rest', 50))
      const waits = [{ kind: 'time', path: 'rest', position: 1 }] as const
      await first.settle(sleeper, { kind: 'waiting', waits })
      advance(50)
      await first.settle(await first.claimOne(), { kind: 'released' })
      await first.settle(await first.claimOne(), { kind: 'blocked', reason: 'why', digest: 'first' })
      const second = await worker({ jobs: [{ name: 'job', version: 1, queue: 'default', digest: 'second' }] })
      await second.settle(await second.claimOne(), { kind: 'failed', error: plainError })
      await store.retry(run.id, {}, byHand())
      await second.claimOne()
      await store.resign(second.lease, [])
      expect(await movesOf(store, run.id)).toEqual([
        'enqueue > scheduled',
        'promote > ready',
        ...['claim > running', 'back off > waiting', 'wake > ready'],
        ...['claim > running', 'suspend > waiting', 'wake > ready'],
        ...['claim > running', 'release > ready'],
        ...['claim > running', 'block > blocked', 'unblock > ready'],
        ...['claim > running', 'fail > failed', 'retry > ready'],
        ...['claim > running', 'release > ready'],
      ])
    },
  )

  contractTest(open, 'each event of one call describes its own run', async ({ store, worker }) => {
    const runs = [newRun({ queue: 'a' }), newRun(), newRun(), newRun({ job: 'other' })]
    await store.enqueue(runs)
    const first = await worker({ queues: ['default'] })
    const [sleeper, failing] = await first.claim()
    if (sleeper === undefined || failing === undefined) throw new Error('two runs were to be claimed')
    await first.append(sleeper, waiting('rest', 50))
    const waits = [{ kind: 'time', path: 'rest', position: 1 }] as const
    await first.send(
      first.settlement(sleeper, { kind: 'waiting', waits }),
      first.settlement(failing, { kind: 'retrying', error: plainError, delayMs: 50 }),
    )
    const events = await readRunEvents(store)
    expect(events.map(({ run, queue, job, transition }) => [run, queue, job, transition])).toEqual([
      ...runs.map(({ id, queue, job }) => [id, queue, job, 'enqueue']),
      [sleeper.id, 'default', 'job', 'claim'],
      [failing.id, 'default', 'job', 'claim'],
      [sleeper.id, 'default', 'job', 'suspend'],
      [failing.id, 'default', 'job', 'back off'],
    ])
  })

  contractTest(open, 'losses are logged up to the poisoning', async (contract) => {
    const { store, worker } = contract
    const run = newRun()
    await store.enqueue([run])
    const bodyLog = await worker()
    for (let lost = 1; lost <= 6; lost++) {
      await loseOnce(contract, bodyLog)
      await passPause(contract, bodyLog)
    }
    expect(await movesOf(store, run.id)).toEqual([
      'enqueue > ready',
      ...['claim > running', 'lose > ready'],
      ...Array.from({ length: 4 }, () => [
        'claim > running',
        'lose with delay > waiting',
        'wake > ready',
      ]).flat(),
      ...['claim > running', 'convict > failed'],
    ])
  })

  contractTest(open, 'cancels and expiry are logged', async ({ store, worker, advance }) => {
    const [ready, scheduled, late, tooLate] = [
      newRun(),
      newRun({ start: { kind: 'in', ms: minuteMs } }),
      newRun({ expiresInMs: 10 }),
      newRun({ start: { kind: 'in', ms: 5 }, expiresInMs: 5 }),
    ]
    await store.enqueue([ready, scheduled, late, tooLate])
    for (const { id } of [ready, scheduled]) await store.cancel(id, byHand())
    advance(10)
    await (await worker()).claim()
    expect(await movesOf(store, ready.id)).toEqual(['enqueue > ready', 'cancel > cancelled'])
    expect(await movesOf(store, scheduled.id)).toEqual(['enqueue > scheduled', 'cancel > cancelled'])
    expect(await movesOf(store, late.id)).toEqual(['enqueue > ready', 'expire > expired'])
    expect(await movesOf(store, tooLate.id)).toEqual(['enqueue > scheduled', 'expire > expired'])
  })

  contractTest(
    open,
    'a run that was ordered to stop logs how it really ended',
    async ({ store, worker, letLeaseExpire }) => {
      const runs = Array.from({ length: 4 }, () => newRun())
      await store.enqueue(runs)
      const [first, leaver, victim, bodyLog] = [
        await worker(),
        await worker(),
        await worker(),
        await worker(),
      ]
      const [released, done] = await first.claim(2)
      if (released === undefined || done === undefined) throw new Error('two runs were to be claimed')
      const [resigned, lost] = [await leaver.claimOne(), await victim.claimOne()]
      for (const { id } of runs) await store.cancel(id, byHand())
      await first.settle(released, { kind: 'released' })
      await first.settle(done, completed)
      await store.resign(leaver.lease, [])
      await letLeaseExpire(bodyLog)
      await bodyLog.claim(0)
      const ordered = ['enqueue > ready', 'claim > running', 'order cancel > cancelling']
      for (const { id } of [released, resigned, lost]) {
        expect(await movesOf(store, id)).toEqual([...ordered, 'end cancel > cancelled'])
      }
      expect(await movesOf(store, done.id)).toEqual([...ordered, 'complete > completed'])
    },
  )

  contractTest(
    open,
    'cursors read on without gap or repeat, in pages of any size',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const start = await newestCursor(store)
      const runs = Array.from({ length: 6 }, (_, i) => newRun({ queue: i % 2 === 0 ? 'a' : 'b' }))
      await store.enqueue(runs.slice(0, 4))
      await store.enqueue(runs.slice(4))
      await (await worker({ queues: ['a'] })).claim()
      for (const { id } of runs) await store.cancel(id, byHand())
      const { events: all } = await store.events({ limit: maxEvents })
      // With the enqueue before, a worker that joined, and the operator's action for each cancel.
      expect(all).toHaveLength(1 + 6 + 1 + 3 + 2 * 6)
      expect(all.slice(1, 7)).toMatchObject(runs.map(({ id }) => ({ run: id })))
      expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(all.length)
      const inLog = (log: EventLog | undefined): StoreEvent[] =>
        all.slice(1).filter(({ kind }) => log === undefined || (kind === 'run') === (log === 'runs'))
      for (const limit of [1, 2, 3, 5, maxEvents]) {
        for (const log of [undefined, 'runs', 'operations'] as const) {
          const read = await readAllEvents(store, { after: start, limit, ...(log ? { log } : {}) })
          expect(read).toEqual({ events: inLog(log), gap: false, cursor: all.at(-1)?.cursor })
        }
      }
      for (const [i, { cursor }] of all.entries()) {
        expect((await store.events({ after: cursor, limit: maxEvents })).events).toEqual(all.slice(i + 1))
      }
      const end = await newestCursor(store)
      const later = newRun()
      await store.enqueue([later])
      expect(await readRunEvents(store, { after: end })).toMatchObject([{ run: later.id }])
    },
  )

  contractTest(open, 'without a cursor the newest events are returned, oldest first', async ({ store }) => {
    const runs = Array.from({ length: 5 }, () => newRun())
    await store.enqueue(runs.slice(0, 3))
    await store.enqueue(runs.slice(3))
    const newest = async (limit: number): Promise<string[]> =>
      (await readRunEvents(store, { limit })).map(({ run }) => run)
    const ids = runs.map(({ id }) => id)
    for (const limit of [1, 2, 3, 5]) expect(await newest(limit)).toEqual(ids.slice(-limit))
    expect(await newest(maxEvents)).toEqual(ids)
  })

  contractTest(open, 'pages go back from a cursor, of any size, to the oldest', async ({ store, worker }) => {
    const runs = Array.from({ length: 6 }, (_, i) => newRun({ queue: i % 2 === 0 ? 'a' : 'b' }))
    await store.enqueue(runs.slice(0, 4))
    await store.enqueue(runs.slice(4))
    await (await worker({ queues: ['a'] })).claim()
    for (const { id } of runs) await store.cancel(id, byHand())
    const { events: all, cursor: newest } = await store.events({ limit: maxEvents })
    const inLog = (log: EventLog | undefined): StoreEvent[] =>
      all.filter(({ kind }) => log === undefined || (kind === 'run') === (log === 'runs'))
    for (const limit of [1, 2, 3, 5, maxEvents]) {
      for (const log of [undefined, 'runs', 'operations'] as const) {
        const read: StoreEvent[] = []
        for (let before: string | undefined; ; ) {
          const page = await store.events({ limit, ...defined({ log, before }) })
          expect(page).not.toHaveProperty('gap')
          expect(page.cursor).toBe(newest)
          read.unshift(...page.events)
          if (page.events.length < limit) break
          before = page.events[0]?.cursor
        }
        expect(read).toEqual(inLog(log))
      }
    }
    for (const [i, { cursor }] of all.entries()) {
      expect((await store.events({ before: cursor, limit: maxEvents })).events).toEqual(all.slice(0, i))
    }
  })

  contractTest(
    open,
    'a cursor of another store, or of lost writes, pages back to nothing',
    async (contract) => {
      const { store } = contract
      await store.enqueue([newRun()])
      const { cursor } = await store.events({ limit: 1 })
      const foreign = cursor.replace(/^[^-]+/, 'abc')
      const lost = cursor.replace(/\d+$/, '999')
      for (const before of [foreign, lost])
        expect(await store.events({ before, limit: 10 })).toEqual({ events: [], cursor, gap: true })
    },
  )

  contractTest(open, 'the events of one run are found among those of others', async (contract) => {
    const { store, worker } = contract
    const run = newRun({ id: 'run-one' })
    // Ids that begin or end alike, and a queue that is named as the run.
    const others = ['run-one-2', 'my-run-one', '"run-one"'].map((id) => newRun({ id, queue: 'run-one' }))
    await store.enqueue([...others, run])
    const first = await worker({ queues: ['default'] })
    await first.settle(await first.claimOne(), { kind: 'failed', error: plainError })
    await store.pauseQueue('run-one', byHand())
    await store.retry('run-one', {}, byHand({ reason: 'again' }))
    for (let i = 0; i < 40; i++)
      await store.enqueue(Array.from({ length: 100 }, () => newRun({ queue: 'b' })))
    await store.cancel('run-one', byHand())
    const all = await readAllEvents(store, { after: '0-0', limit: maxEvents })
    const own = all.events.filter((event) =>
      event.kind === 'run'
        ? event.run === 'run-one'
        : event.subject === 'run-one' && event.operation !== 'pause queue',
    )
    expect(own.map((event) => (event.kind === 'run' ? event.transition : event.operation))).toEqual([
      ...['enqueue', 'claim', 'fail', 'retry run', 'retry', 'cancel run', 'cancel'],
    ])
    expect(await store.events({ run: 'run-one', limit: maxEvents })).toEqual({
      events: own,
      cursor: own.at(-1)?.cursor,
    })
    const page = async (limit: number, before?: string, log?: EventLog): Promise<readonly StoreEvent[]> =>
      (await store.events({ run: 'run-one', limit, ...defined({ before, log }) })).events
    expect(await page(2)).toEqual(own.slice(-2))
    expect(await page(2, own[5]?.cursor)).toEqual(own.slice(3, 5))
    expect(await page(5, own[3]?.cursor)).toEqual(own.slice(0, 3))
    expect(await page(5, undefined, 'operations')).toEqual(own.filter(({ kind }) => kind === 'operation'))
    expect(await page(5, own[0]?.cursor)).toEqual([])
    expect(await store.events({ run: 'unknown', limit: 5 })).toMatchObject({ events: [] })
  })

  contractTest(open, 'repeated and refused calls are not logged', async ({ store, worker }) => {
    const [run, blown, held] = [newRun(), newRun(), newRun()]
    await store.enqueue([run, blown, held])
    const first = await worker()
    const [claimed, failing] = await first.claim()
    if (claimed === undefined || failing === undefined) throw new Error('two runs were to be claimed')
    const ends = [first.settlement(claimed, completed)]
    const failure = first.settlement(failing, { kind: 'failed', error: plainError })
    await first.send(failure)
    await first.claimReply(10, ends)
    const [retried, cancelled] = [byHand(), byHand()]
    await store.retry(blown.id, {}, retried)
    await store.cancel(held.id, cancelled)
    const tell = async (): Promise<unknown> => [
      await store.events({ limit: maxEvents }),
      await store.throughput(1),
    ]
    const before = await tell()

    await store.enqueue([run, blown])
    await store.enqueue([{ ...run, job: 'other' }])
    await first.claimReply(10, ends, first.n)
    expect(await first.send(failure)).toMatchObject([{ kind: 'settled' }])
    expect(await first.send({ ...failure, fence: failure.fence - 1 })).toEqual([{ kind: 'gone' }])
    await store.retry(blown.id, {}, retried)
    await store.cancel(held.id, cancelled)
    await store.cancel(held.id, byHand())
    await expect(store.retry(run.id, {}, byHand())).rejects.toMatchObject({ code: 'RUN_STATE' })
    expect(await tell()).toEqual(before)
  })

  contractTest(open, 'a cell counts the transitions of its minute', async (contract) => {
    const { store, worker } = contract
    const minute = beginMinute(contract)
    expect(await store.throughput(throughputMinutes)).toEqual([])
    await store.enqueue([newRun(), newRun(), newRun()])
    expect(await store.throughput(1)).toEqual([
      {
        ...{ minute, queue: 'default', job: 'job', counts: { enqueue: 3 } },
        ...{
          wait: { sumMs: 0, buckets: [] },
          run: { sumMs: 0, buckets: [] },
          total: { sumMs: 0, buckets: [] },
        },
      },
    ])
    const first = await worker()
    const [a, b] = await first.claim(2)
    if (a === undefined || b === undefined) throw new Error('two runs were to be claimed')
    await first.settle(a, completed)
    await first.settle(b, { kind: 'released' })
    await first.settle(await first.claimOne(), completed)
    expect((await currentCell(store)).counts).toEqual({ enqueue: 3, claim: 3, complete: 2, release: 1 })
  })

  contractTest(open, 'a wait is counted in its bucket, up to its last ms', async (contract) => {
    const { store, worker, advance } = contract
    beginMinute(contract)
    const first = await worker()
    const waits = [0, 1, 2, 3, 4, 1_023, 1_024]
    for (const ms of waits) {
      await store.enqueue([newRun()])
      advance(ms)
      await first.settle(await first.claimOne(), completed)
    }
    expect(await currentCell(store)).toMatchObject({
      wait: { sumMs: 2_057, buckets: [1, 1, 2, 1, 0, 0, 0, 0, 0, 0, 1, 1] },
      run: { sumMs: 0, buckets: [7] },
    })
  })

  contractTest(open, 'a wait begins when the run becomes ready', async (contract) => {
    const { store, worker, advance } = contract
    beginMinute(contract)
    const first = await worker()
    await store.enqueue([newRun({ start: { kind: 'in', ms: 1_000 } })])
    advance(1_000)
    await first.claim(0)
    advance(8)
    await first.settle(await first.claimOne(), { kind: 'released' })
    advance(2)
    await first.claimOne()
    expect((await currentCell(store)).wait).toEqual({ sumMs: 10, buckets: [0, 0, 1, 0, 1] })
  })

  contractTest(open, 'every execution counts as run time, however it ends', async (contract) => {
    const { store, worker, advance } = contract
    beginMinute(contract)
    await store.enqueue([newRun()])
    const first = await worker()
    const stay = async (ms: number, outcome: Parameters<TestWorker['settle']>[1]): Promise<void> => {
      const run = await first.claimOne()
      advance(ms)
      await first.settle(run, outcome)
    }
    await stay(1, { kind: 'released' })
    await stay(2, { kind: 'retrying', error: plainError, delayMs: 1 })
    advance(1)
    await stay(4, completed)
    expect((await currentCell(store)).run).toEqual({ sumMs: 7, buckets: [0, 1, 1, 1] })
  })

  contractTest(open, 'an execution ended by its worker’s loss counts as run time', async (contract) => {
    const { store, worker } = contract
    beginMinute(contract)
    await store.enqueue([newRun()])
    await loseOnce(contract, await worker())
    const { counts, run } = await currentCell(store)
    expect(counts).toEqual({ enqueue: 1, claim: 1, lose: 1 })
    expect(run.sumMs).toBeGreaterThanOrEqual(leaseMs)
    expect(run.buckets).toEqual([...Array<number>(14).fill(0), 1])
  })

  contractTest(open, 'an execution that was ordered to stop counts as no run time', async (contract) => {
    const { store, worker, advance } = contract
    beginMinute(contract)
    const first = await worker()
    for (const outcome of [{ kind: 'cancelled' }, completed] as const) {
      await store.enqueue([newRun()])
      const run = await first.claimOne()
      advance(7)
      await store.cancel(run.id, byHand())
      advance(3)
      await first.settle(run, outcome)
    }
    expect(await currentCell(store)).toMatchObject({
      counts: { 'order cancel': 2, 'end cancel': 1, complete: 1 },
      run: { sumMs: 0, buckets: [] },
    })
  })

  contractTest(open, 'a clock that goes back makes no time negative', async (contract) => {
    const { store, worker, advance } = contract
    beginMinute(contract)
    await store.enqueue([newRun()])
    advance(-minuteMs)
    const first = await worker()
    const run = await first.claimOne()
    expect((await currentCell(store)).wait).toEqual({ sumMs: 0, buckets: [1] })
    advance(-minuteMs)
    await first.settle(run, completed)
    expect(await currentCell(store)).toMatchObject({
      counts: { complete: 1 },
      run: { sumMs: 0, buckets: [1] },
    })
  })

  contractTest(open, 'a wait of decades is counted in the last of 40 buckets', async (contract) => {
    const { store, worker, advance } = contract
    await store.enqueue([newRun()])
    advance(2 ** 40)
    await (await worker()).claimOne()
    const { wait } = await currentCell(store)
    expect(wait).toEqual({ sumMs: 2 ** 40, buckets: [...Array<number>(39).fill(0), 1] })
  })

  contractTest(open, 'a new minute, another queue and another job make a new cell', async (contract) => {
    const { store, advance } = contract
    const minute = beginMinute(contract)
    const enqueue = async (queue: string, job: string): Promise<void> =>
      void (await store.enqueue([newRun({ queue, job })]))
    const cells = async (minutes: number): Promise<unknown[]> =>
      (await store.throughput(minutes)).map((cell) => [
        cell.minute - minute,
        cell.queue,
        cell.job,
        cell.counts,
      ])
    await enqueue('b', 'one')
    await store.enqueue([newRun({ queue: 'a', job: 'two' }), newRun({ queue: 'a', job: 'one' })])
    advance(minuteMs - 1)
    await enqueue('a', 'one')
    advance(1)
    await enqueue('a', 'one')
    const former = [
      [0, 'a', 'one', { enqueue: 2 }],
      [0, 'a', 'two', { enqueue: 1 }],
      [0, 'b', 'one', { enqueue: 1 }],
    ]
    const latter = [minuteMs, 'a', 'one', { enqueue: 1 }]
    expect(await cells(1)).toEqual([latter])
    expect(await cells(2)).toEqual([...former, latter])
    advance((throughputMinutes - 2) * minuteMs)
    expect(await cells(throughputMinutes - 1)).toEqual([latter])
    expect(await cells(throughputMinutes)).toEqual([...former, latter])
    advance(minuteMs)
    await enqueue('a', 'one')
    expect(await cells(throughputMinutes)).toEqual([
      latter,
      [throughputMinutes * minuteMs, ...latter.slice(1)],
    ])
  })

  contractTest(open, 'every connection reads the same events', async ({ store, another, worker }) => {
    await store.enqueue([newRun(), newRun()])
    const other = await another()
    const after = await newestCursor(other)
    await (await worker()).claimOne()
    await other.enqueue([newRun()])
    const read = await other.events({ after, limit: maxEvents })
    expect(read.events).toMatchObject([
      { operation: 'worker joined' },
      { transition: 'claim' },
      { transition: 'enqueue' },
    ])
    expect(await store.events({ after, limit: maxEvents })).toEqual(read)
    expect(await store.throughput(1)).toMatchObject([{ counts: { enqueue: 3, claim: 1 } }])
    expect(await other.throughput(1)).toEqual(await store.throughput(1))
  })

  contractTest(open, 'impossible limits, cursors and minutes are refused', async ({ store }) => {
    const refused = { code: 'INVALID_OPTIONS' }
    for (const limit of [0, -1, 1.5, maxEvents + 1, Number.NaN]) {
      await expect(store.events({ limit })).rejects.toMatchObject(refused)
    }
    const { cursor } = await store.events({ limit: 1 })
    for (const query of [{ before: cursor }, { run: 'run-1' }])
      await expect(store.events({ after: cursor, limit: 1, ...query })).rejects.toMatchObject(refused)
    await expect(store.events({ before: 'nonsense', limit: 1 })).rejects.toMatchObject(refused)
    for (const after of ['', 'nonsense', '12', 'a-b', 'a-1; 2']) {
      await expect(store.events({ after, limit: 10 })).rejects.toMatchObject(refused)
    }
    for (const minutes of [0, -1, 1.5, throughputMinutes + 1, Number.NaN]) {
      await expect(store.throughput(minutes)).rejects.toMatchObject(refused)
    }
  })
}
