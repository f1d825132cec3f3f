import { expect, test } from 'vitest'
import type { Explanation } from '../../../runtime/describe/explain-run.ts'
import type { JournalEntry } from '../../../runtime/model/journal.ts'
import type { HistoryEntry, Inspector, RunDetails } from '../../../runtime/store/store.ts'
import { type KnownRun, loadRun, type RunData } from '../../../tui/screens/run/run-data.ts'
import { now } from '../../support/snapshot.ts'
import { done, journal } from '../kit/waterfall-input.ts'
import { detailsOf, stripeError } from '../support/detail-data.ts'

/** A store with one run, which records its reads. */
class OneRun {
  run: RunDetails | undefined
  entries: readonly JournalEntry[] = []
  events: readonly HistoryEntry[] = []
  sentences: readonly string[] = ['It is here.']
  reads: string[] = []
  now = now

  constructor(run: RunDetails | undefined) {
    this.run = run
  }

  async load(before?: RunData): Promise<RunData> {
    this.reads = []
    const note = <T>(name: string, value: T): Promise<T> => {
      this.reads.push(name)
      return Promise.resolve(value)
    }
    const inspector = {
      address: 'sqlite:jobs.db',
      run: () => note('run', this.run),
      history: () => note('history', this.events),
      executions: () => note('executions', []),
      linePlaces: () => note('places', []),
      failures: () => note('failures', []),
      queues: () => note('queues', []),
      workers: () => note('workers', []),
      checks: () => note('checks', []),
      journalOutline: (_: string, { after, limit }: { after: number; limit: number }) =>
        note(`journal ${after}`, this.entries.filter(({ position }) => position > after).slice(0, limit)),
    }
    const jobs = {
      inspector: inspector as unknown as Inspector,
      explain: (id: string): Promise<Explanation> =>
        note('explain', { id, state: 'ready', sentences: this.sentences }),
    }
    const clock = { now: () => this.now } as never
    return loadRun(jobs, { subject: 'run-8f2k' }, before, clock)
  }

  async known(before?: RunData): Promise<KnownRun> {
    const data = await this.load(before)
    if (data.kind !== 'known') throw new Error('the run is not known')
    return data
  }
}

const running = detailsOf({
  state: 'running',
  worker: 'w1',
  changedAt: now - 5_000,
  endedAt: undefined,
  error: undefined,
})

function steps(count: number): readonly JournalEntry[] {
  return journal(...Array.from({ length: count }, (_, i) => done(`n[${i}]`, i, 0)))
}

test('a long journal is read a few pages at a time, and then from the last position', async () => {
  const store = new OneRun(running)
  store.entries = steps(12_300)
  const first = await store.known()
  expect(first.journal.isPartial).toBe(true)
  expect(first.journal.entries).toHaveLength(10_000)
  const second = await store.known(first)
  expect(second.journal).toMatchObject({ isPartial: false })
  expect(second.journal.entries.map(({ position }) => position)).toEqual(
    steps(12_300).map(({ position }) => position),
  )
  expect(store.reads.filter((read) => read.startsWith('journal'))).toEqual(['journal 10000'])
  store.entries = steps(12_301)
  const third = await store.known(second)
  expect(store.reads.filter((read) => read.startsWith('journal'))).toEqual(['journal 12300'])
  expect(third.journal.entries).toHaveLength(12_301)
})

test('stacks of steps are not retained', async () => {
  const store = new OneRun(running)
  store.entries = journal(done('load', 1, 0), done('charge', 2, 0, { phase: 'failed', error: stripeError }))
  const { entries } = (await store.known()).journal
  expect(entries[1]).toMatchObject({ error: { name: 'StepFailedError' } })
  expect(entries[1]).not.toHaveProperty('error.cause')
})

test('after a retry, which may have dropped entries, the journal is read again', async () => {
  const store = new OneRun(running)
  store.entries = steps(3)
  const before = await store.known()
  store.events = [{ at: now, kind: 'retry', by: 'ana' }]
  store.entries = steps(2)
  const after = await store.known(before)
  expect(after.journal.entries).toHaveLength(2)
  expect(store.reads).toContain('journal 0')
})

test('other events of a run do not reread the known journal', async () => {
  const store = new OneRun(running)
  store.entries = steps(3)
  const before = await store.known()
  store.events = [{ at: now, kind: 'lost', worker: 'w1' }]
  await store.known(before)
  expect(store.reads).toContain('journal 3')
})

test('only the record of an unchanged ended run is read', async () => {
  const store = new OneRun(detailsOf())
  const first = await store.known()
  const second = await store.known(first)
  expect(store.reads).toEqual(['run'])
  expect(second).toBe(first)
})

test('the end of a run is reported only to a screen that showed it before', async () => {
  const store = new OneRun(running)
  const before = await store.known()
  expect(before.endedAs).toBeUndefined()
  store.run = detailsOf({ state: 'completed', output: running.input })
  const after = await store.known(before)
  expect(after.endedAs).toBe('completed')
  expect((await store.known(after)).endedAs).toBe('completed')
  expect((await store.known()).endedAs).toBeUndefined()
})

test('a run that was retried and ended again between two reads counts as ended meanwhile', async () => {
  const store = new OneRun(detailsOf())
  const before = await store.known()
  store.run = detailsOf({ changedAt: now, endedAt: now })
  expect((await store.known(before)).endedAs).toBe('failed')
})

test('values that are read again retain the bytes of the first read', async () => {
  const store = new OneRun(running)
  const before = await store.known()
  store.run = { ...running, input: new Uint8Array(running.input) }
  expect((await store.known(before)).run.input).toBe(before.run.input)
})

test('the next actions are read again when the sentences change, not when only their times change', async () => {
  const store = new OneRun(detailsOf({ state: 'ready', changedAt: now - 5_000 }))
  store.sentences = ['A worker takes it with its next claim; 1 run is ready.']
  const first = await store.known()
  expect(store.reads).toContain('queues')
  store.sentences = ['A worker takes it with its next claim; 2 run is ready.']
  const second = await store.known(first)
  expect(store.reads).not.toContain('queues')
  store.sentences = ['Its queue is paused.']
  await store.known(second)
  expect(store.reads).toContain('queues')
})

test('an unknown run is explained', async () => {
  const store = new OneRun(undefined)
  store.sentences = ['No run has this id.']
  expect(await store.load()).toEqual({ kind: 'unknown', id: 'run-8f2k', sentences: ['No run has this id.'] })
})

test('an ended run updates its age from time to time, and reads nothing else for it', async () => {
  const store = new OneRun(detailsOf())
  store.sentences = ['It failed 1.0 s ago.']
  const before = await store.known()
  store.sentences = ['It failed 6.0 s ago.']
  store.now = now + 1_000
  const same = await store.known(before)
  expect([same, store.reads]).toEqual([before, ['run']])
  store.now = now + 5_000
  const after = await store.known(same)
  expect(after.sentences).toEqual(['It failed 6.0 s ago.'])
  expect(store.reads).toEqual(['run', 'explain'])
})
