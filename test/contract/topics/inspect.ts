import { expect } from 'vitest'
import type { JournalEntry } from '../../../runtime/model/journal.ts'
import {
  byHand,
  done,
  failed,
  failure,
  newRun,
  plainError,
  waiting,
} from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { contractTest } from '../contract-test.ts'

export function inspectContract(open: Open): void {
  contractTest(open, 'runs are listed newest first, in pages', async ({ store }) => {
    const runs = Array.from({ length: 25 }, () => newRun())
    await store.enqueue(runs)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await store.runs({ limit: 10, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.runs.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(runs.map(({ id }) => id).reverse())
    await expect(store.runs({ limit: 10, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    })
  })

  contractTest(open, 'runs are found by state, job, queue, tag, and several at once', async ({ store }) => {
    const [a, b, c] = [
      newRun({ queue: 'mail', tags: ['eu', 'vip'] }),
      newRun({ job: 'other', tags: ['eu'] }),
      newRun({ start: { kind: 'in', ms: 1_000 } }),
    ]
    await store.enqueue([a, b, c])
    await store.cancel(b.id, byHand())
    const ids = async (filter: object): Promise<string[]> =>
      (await store.runs({ limit: 10, ...filter })).runs.map(({ id }) => id)
    expect(await ids({ states: ['cancelled'] })).toEqual([b.id])
    expect(await ids({ states: ['scheduled'] })).toEqual([c.id])
    expect(await ids({ job: 'job' })).toEqual([c.id, a.id])
    expect(await ids({ queue: 'mail' })).toEqual([a.id])
    expect(await ids({ tag: 'eu' })).toEqual([b.id, a.id])
    expect(await ids({ tag: 'eu', states: ['ready'] })).toEqual([a.id])
    expect(await ids({ tag: 'no' })).toEqual([])
  })

  contractTest(
    open,
    'classes of ready runs are listed while one is ready, poison suspects too',
    async (contract) => {
      const { store, worker } = contract
      await store.enqueue([newRun({ version: 2 }), newRun({ version: 2 }), newRun({ queue: 'mail' })])
      await store.enqueue([newRun({ job: 'later', start: { kind: 'in', ms: 1_000 } })])
      const both = [
        { queue: 'default', job: 'job', version: 2 },
        { queue: 'mail', job: 'job', version: 1 },
      ]
      expect(await store.readyClasses()).toEqual(both)
      await (await worker({ queues: ['mail'] })).claim(5)
      expect(await store.readyClasses()).toEqual(both.slice(0, 1))
    },
  )

  contractTest(open, 'queues count their live runs and show the age of the oldest', async (contract) => {
    const { store, worker, advance } = contract
    await store.enqueue([
      newRun(),
      newRun(),
      newRun({ start: { kind: 'in', ms: 90_000 } }),
      newRun({ queue: 'mail' }),
    ])
    advance(4_000)
    await (await worker({ queues: ['default'] })).claim(1)
    expect(await store.queues()).toMatchObject([
      {
        name: 'default',
        counts: { ready: 1, running: 1, scheduled: 1, waiting: 0, blocked: 0, cancelling: 0 },
        oldestReadyMs: 4_000,
      },
      { name: 'mail', counts: { ready: 1 }, oldestReadyMs: 4_000 },
    ])
  })

  contractTest(
    open,
    'the oldest ready run of a queue is the one ready longest, not the next to be claimed',
    async (contract) => {
      const { store, worker, advance } = contract
      const at = (ms: number) => ({ queue: 'mail', start: { kind: 'in', ms } }) as const
      await store.enqueue([newRun(), newRun(at(4_000))])
      const [first, other] = [await worker({ queues: ['default'] }), await worker({ queues: ['other'] })]
      const run = await first.claimOne()
      advance(1_000)
      await store.enqueue([newRun(), newRun(at(1_000))])
      advance(1_000)
      // A claim promotes due runs.
      await other.claim(1)
      advance(2_000)
      await first.settle(run, { kind: 'retrying', error: plainError, delayMs: 500 })
      advance(1_000)
      await other.claim(1)
      expect(await store.queues()).toMatchObject([
        { name: 'default', counts: { ready: 2 }, oldestReadyMs: 4_000 },
        { name: 'mail', counts: { ready: 2 }, oldestReadyMs: 3_000 },
      ])
    },
  )

  contractTest(open, 'workers show what they do', async ({ store, worker, advance, now }) => {
    await store.enqueue([newRun(), newRun()])
    const startedAt = now()
    const first = await worker({ name: 'one', host: 'vm', pid: 7, node: 'v24', concurrency: 3 })
    await first.claim()
    advance(2_000)
    expect(await store.workers()).toMatchObject([
      {
        ...{ name: 'one', host: 'vm', pid: 7, node: 'v24', concurrency: 3, running: 2, draining: false },
        ...{ startedAt, seenAgoMs: 2_000, leaseLeftMs: 8_000, jobs: [{ name: 'job', version: 1 }] },
      },
    ])
  })

  contractTest(open, 'the ended and missing runs of a list are returned', async ({ store }) => {
    const [ended, live] = [newRun(), newRun()]
    await store.enqueue([ended, live])
    await store.cancel(ended.id, byHand())
    expect(await store.ended([live.id, ended.id, 'unknown'])).toEqual([ended.id, 'unknown'])
    expect(await store.ended([])).toEqual([])
  })

  contractTest(open, 'a journal is read in parts', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, done('a'), done('b'), done('c'))
    const paths = async (after: number, limit: number): Promise<string[]> =>
      (await store.journal(run.id, { after, limit })).map(({ path }) => path)
    expect(await paths(0, 2)).toEqual(['a', 'b'])
    expect(await paths(2, 2)).toEqual(['c'])
    expect(await store.journal('unknown', { after: 0, limit: 2 })).toEqual([])
    expect(await store.run('unknown')).toBeUndefined()
  })

  contractTest(
    open,
    'the outline of a journal leaves out the results of steps',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      await first.append(
        run,
        ...[done('a', 'x'.repeat(5_000)), failed('b', true), waiting('c', 60_000), failure('no', 1_000)],
      )
      const whole = await store.journal(run.id, { after: 0, limit: 10 })
      const outline = await store.journalOutline(run.id, { after: 0, limit: 10 })
      expect(whole.map(({ phase }) => phase)).toEqual(['done', 'failed', 'waiting', 'retrying'])
      expect(outline).toEqual(
        whole.map((entry) => Object.fromEntries(Object.entries(entry).filter(([name]) => name !== 'value'))),
      )
      const positions = async (after: number, limit: number): Promise<number[]> =>
        (await store.journalOutline(run.id, { after, limit })).map(({ position }) => position)
      expect(await positions(0, 2)).toEqual([1, 2])
      expect(await positions(2, 3)).toEqual([3, 4])
      expect(await store.journalOutline('unknown', { after: 0, limit: 2 })).toEqual([])
    },
  )

  contractTest(open, 'the entries of one step are read by its path', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    // More than one call to a server inspects.
    for (let round = 0; round < 25; round++) {
      const rest = Array.from({ length: 99 }, (_, i) => done(`n[${round * 99 + i}]`))
      await first.append(run, failure('no', 0), ...rest)
    }
    await first.append(run, done('pay', { paid: true }), done('pays'), done('pa'))
    const of = (path: string, after: number, limit: number): Promise<readonly JournalEntry[]> =>
      store.journal(run.id, { after, limit, path })
    const whole = await store.journal(run.id, { after: 0, limit: 3_000 })
    expect(whole).toHaveLength(2_503)
    expect(await of('pay', 0, 100)).toEqual(whole.filter(({ path }) => path === 'pay'))
    expect((await of('pay', 0, 2)).map(({ position }) => position)).toEqual([1, 101])
    expect((await of('pay', 101, 2)).map(({ position }) => position)).toEqual([201, 301])
    expect((await of('pay', 2_401, 5)).map(({ phase }) => phase)).toEqual(['done'])
    expect(await of('other', 0, 5)).toEqual([])
    expect(await store.journal('unknown', { after: 0, limit: 2, path: 'pay' })).toEqual([])
  })

  contractTest(
    open,
    'entries that a retry dropped appear in no read of a journal',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      await first.append(run, done('a'), failed('b'))
      await first.settle(run, { kind: 'failed', error: plainError, escaped: 'b' })
      await store.retry(run.id, {}, byHand())
      expect((await store.journalOutline(run.id, { after: 0, limit: 5 })).map(({ path }) => path)).toEqual([
        'a',
      ])
      expect(await store.journal(run.id, { after: 0, limit: 5, path: 'b' })).toEqual([])
    },
  )

  contractTest(open, 'a store names its address and evaluates each check', async ({ store }) => {
    const checks = await store.checks()
    expect(store.address).not.toBe('')
    expect(checks.length).toBeGreaterThan(2)
    for (const { name, found, verdict, remedy } of checks) {
      expect([name, found]).not.toContain('')
      expect(verdict === 'fine' || remedy !== undefined).toBe(true)
    }
  })
}
