import { expect } from 'vitest'
import { done, failed, intent, newRun, sleepDone, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'

export function commitContract(open: Open): void {
  contractTest(open, 'records are stored at their positions and read back unchanged', async (contract) => {
    const { store, worker, now } = contract
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const records = [done('one', { a: 1 }), intent('two'), failed('two', true), waiting('three', 5_000)]
    const answers = await first.append(run, ...records)
    expect(answers.map(({ kind }) => kind)).toEqual(['stored', 'stored', 'stored', 'stored'])
    const journal = await store.journal(run.id, { after: 0, limit: 10 })
    expect(journal.map(({ position }) => position)).toEqual([1, 2, 3, 4])
    expect(journal).toMatchObject(records)
    expect(journal.map(({ at }) => at)).toEqual([now(), now(), now(), now()])
    expect(journal[3]).toMatchObject({ remainingMs: 5_000 })
    expect(await store.run(run.id)).toMatchObject({ position: 4 })
  })

  contractTest(open, 'a sleep until the latest possible date suspends its run', async (contract) => {
    const { store, worker } = contract
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    expect(await first.append(run, waiting('far', 8.64e15))).toEqual([{ kind: 'stored' }])
    const waits = [{ kind: 'time', path: 'far', position: 1 }] as const
    expect(await first.settle(run, { kind: 'waiting', waits })).toMatchObject({ kind: 'settled' })
    expect(await store.run(run.id)).toMatchObject({
      state: 'waiting',
      waitingFor: { kind: 'time', name: 'far' },
    })
  })

  contractTest(
    open,
    'a repeated record gets the stored reply and is not stored again',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      const entry = first.checkpoint(run, done('one', 'first'))
      await first.send(entry)
      expect(await first.send({ ...entry, record: done('one', 'second') })).toEqual([{ kind: 'stored' }])
      const journal = await store.journal(run.id, { after: 0, limit: 10 })
      expect(journal).toHaveLength(1)
      expect(journal[0]).toMatchObject(done('one', 'first'))
    },
  )

  contractTest(open, 'a record after a missing one is a gap and is not stored', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    expect(await first.send(first.checkpoint(run, done('two'), 2))).toEqual([{ kind: 'gap' }])
    expect(await store.journal(run.id, { after: 0, limit: 10 })).toEqual([])
  })

  contractTest(
    open,
    'an old fence, another lease, an unknown run: gone, and nothing stored',
    async (contract) => {
      const { store, worker } = contract
      await store.enqueue([newRun()])
      const [first, second] = [await worker(), await worker()]
      const old = await first.claimOne()
      await first.settle(old, { kind: 'released' })
      const current = await first.claimOne()
      expect(await first.send(first.checkpoint(old, done('one'), 1))).toEqual([{ kind: 'gone' }])
      expect(await second.send(second.checkpoint(current, done('one'), 1))).toEqual([{ kind: 'gone' }])
      const unknown = { ...current, id: 'unknown' }
      expect(await first.send(first.checkpoint(unknown, done('one'), 1))).toEqual([{ kind: 'gone' }])
      expect(await store.journal(current.id, { after: 0, limit: 10 })).toEqual([])
    },
  )

  contractTest(
    open,
    'entries of all kinds in one call: each reaches its own run and journal',
    async ({ store, worker }) => {
      const runs = Array.from({ length: 6 }, () => newRun())
      await store.enqueue(runs)
      const first = await worker()
      const [a, b, c] = [await first.claimOne(), await first.claimOne(), await first.claimOne()]
      const [d, e, f] = [await first.claimOne(), await first.claimOne(), await first.claimOne()]
      await first.append(c, waiting('nap', 5_000))
      const wait = { kind: 'time', path: 'nap', position: 1 } as const
      const error = { name: 'Error', message: 'no' }
      const answers = await first.send(
        first.settlement(a, completed),
        first.checkpoint(b, done('one', 'b'.repeat(70_000))),
        first.settlement(c, { kind: 'waiting', waits: [wait] }),
        first.checkpoint(d, failed('one', true)),
        first.settlement(e, { kind: 'failed', error, escaped: 'one' }),
        { ...first.checkpoint(f, done('two')), limited: true },
        first.checkpoint(b, done('two')),
        { ...first.settlement(f, { kind: 'released' }), orphans: [1] },
      )
      expect(answers.map((answer) => ('state' in answer ? answer.state : answer.kind))).toEqual([
        ...['completed', 'stored', 'waiting', 'stored', 'failed', 'stored', 'stored', 'ready'],
      ])
      const paths = runs.map(async ({ id }) =>
        (await store.journal(id, { after: 0, limit: 10 })).map(({ path, phase }) => `${path} ${phase}`),
      )
      expect(await Promise.all(paths)).toEqual([
        ...[[], ['one done', 'two done'], ['nap waiting'], ['one failed'], [], ['two done']],
      ])
      expect(await store.run(c.id)).toMatchObject({ waitingFor: { kind: 'time', name: 'nap' } })
      expect(await store.run(e.id)).toMatchObject({ error: { message: 'no' }, escaped: 'one' })
      expect(await store.run(f.id)).toMatchObject({ orphans: [1] })
    },
  )

  contractTest(open, 'many runs in one call each get their own reply', async ({ store, worker }) => {
    await store.enqueue([newRun(), newRun(), newRun()])
    const first = await worker()
    const runs = await first.claim()
    const [a, b, c] = runs
    if (a === undefined || b === undefined || c === undefined)
      throw new Error('three runs were to be claimed')
    const answers = await first.send(
      first.checkpoint(a, done('one')),
      first.checkpoint(b, done('two'), 2),
      first.settlement(c, completed),
      first.checkpoint(a, done('two')),
      first.settlement(a, completed),
    )
    expect(answers).toEqual([
      { kind: 'stored' },
      { kind: 'gap' },
      { kind: 'settled', state: 'completed' },
      { kind: 'stored' },
      { kind: 'settled', state: 'completed' },
    ])
    expect(await store.run(b.id)).toMatchObject({ state: 'running', position: 0 })
  })

  contractTest(
    open,
    'a repeated batch changes nothing and gets the same reply',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      const batch = [first.checkpoint(run, done('one')), first.checkpoint(run, done('two'))]
      const answers = await first.send(...batch)
      const before = await store.run(run.id)
      expect(await first.send(...batch)).toEqual(answers)
      expect(await store.run(run.id)).toEqual(before)
      expect(await store.journal(run.id, { after: 0, limit: 10 })).toHaveLength(2)
    },
  )

  contractTest(open, 'a wait can’t end before its deadline', async ({ store, worker, advance }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    await first.append(run, waiting('rest', 1_000))
    advance(400)
    const end = first.checkpoint(run, sleepDone('rest', 1), 2)
    expect(await first.send(end)).toEqual([{ kind: 'early', remainingMs: 600 }])
    expect(await store.run(run.id)).toMatchObject({ position: 1 })
    advance(600)
    expect(await first.send(end)).toEqual([{ kind: 'stored' }])
  })

  contractTest(open, 'a batch over the limit is refused whole', async ({ store, worker }) => {
    await store.enqueue([newRun()])
    const first = await worker()
    const run = await first.claimOne()
    const batch = Array.from({ length: 201 }, (_, i) => first.checkpoint(run, done(`step ${i}`), i + 1))
    await expect(first.send(...batch)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(await store.journal(run.id, { after: 0, limit: 10 })).toEqual([])
  })

  contractTest(
    open,
    'a long journal is claimed in part and read in further pages',
    async ({ store, worker }) => {
      await store.enqueue([newRun()])
      const first = await worker()
      const run = await first.claimOne()
      const count = 1_500
      const value = 'x'.repeat(1_000)
      for (let at = 1; at <= count; at += 100) {
        const batch = Array.from({ length: 100 }, (_, i) => done(`step ${at + i}`, value))
        await first.append(run, ...batch)
      }
      await first.settle(run, { kind: 'released' })

      const again = await first.claimOne()
      expect(again.position).toBe(count)
      expect(again.journalBytes).toBeGreaterThan(count * value.length)
      const { entries } = again.journal
      const positions = entries.map(({ position }) => position)
      expect(again.journal.more).toBe(true)
      for (let page = again.journal; page.more; ) {
        const next = await store.readJournal(first.lease, run.id, again.fence, positions.at(-1) ?? 0)
        if (next === 'gone') throw new Error('the run is held, its journal is not gone')
        expect(next.entries.length).toBeGreaterThan(0)
        positions.push(...next.entries.map(({ position }) => position))
        page = next
      }
      expect(positions).toEqual(Array.from({ length: count }, (_, i) => i + 1))
      expect(await store.readJournal(first.lease, run.id, run.fence, 0)).toBe('gone')
    },
  )
}
