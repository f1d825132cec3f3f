import { describe, expect, test } from 'vitest'
import { defineJob, FatalError } from '../../../sdk/index.ts'
import { gate, journalOf, openFixture } from '../../support/fixture.ts'

describe('a step', () => {
  test('is stored in the journal, one entry each, in order', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'three' }, async ({ step }) => {
      const one = await step.run('one', () => 1)
      const two = await step.run('two', async () => one + 1)
      await step.sleep('rest', 1)
      return two
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe(2)
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['one done', 'two done', 'rest done'])
  })

  test('has its result stored before its promise resolves', async () => {
    const shop = await openFixture()
    const seen: (readonly string[])[] = []
    const job = defineJob({ name: 'look' }, async ({ step, run }) => {
      await step.run('one', () => 1)
      seen.push(await journalOf(shop.jobs, run.id))
    })
    await shop.work(job)
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })

    expect(seen).toEqual([['one done']])
  })

  test('returns the decoded stored value even on its first run, not what its body returned', async () => {
    const shop = await openFixture()
    const returned: object[] = []
    const job = defineJob({ name: 'identity' }, async ({ step }) => {
      const made = { at: new Date(5), nothing: undefined, ids: new Map([[1n, new Set(['a'])]]) }
      const value = await step.run('make', () => made)
      returned.push(value)
      return { same: value === made, value }
    })
    await shop.work(job)
    const { same, value } = await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })

    expect(same).toBe(false)
    const expected = { at: new Date(5), nothing: undefined, ids: new Map([[1n, new Set(['a'])]]) }
    expect(value).toStrictEqual(expected)
    expect(returned).toStrictEqual([expected])
  })

  test('that returns nothing resolves to undefined', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'nothing' }, async ({ step }) => [await step.run('void', () => undefined)])
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toStrictEqual([undefined])
  })

  test('that returns an Error resolves to it, without failing', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'error-value' }, async ({ step }) => {
      const value = await step.run('judge', () => new RangeError('too far'))
      return [value instanceof RangeError, value.message]
    })
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toEqual([true, 'too far'])
  })

  test('may be one of many at the same time', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'parallel' }, async ({ step }) => {
      const numbers = Array.from({ length: 50 }, (_, i) => i)
      return Promise.all(numbers.map((i) => step.run('square', () => i * i, { key: i })))
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    const squares = await handle.result({ timeout: '2m' })
    expect(squares).toEqual(Array.from({ length: 50 }, (_, i) => i * i))
    expect(new Set(await journalOf(shop.jobs, handle.id))).toContain('square[49] done')
  })

  test('may be used in a native race, and the loser ends too', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'race' }, async ({ step }) => {
      const slow = step.run('slow', async ({ signal }) => {
        await new Promise((resolve) => setTimeout(resolve, 20))
        return signal.aborted
      })
      const winner = await Promise.race([slow, step.run('quick', () => 'quick')])
      await slow
      return winner
    })
    await shop.work(job)
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toBe('quick')
  })

  // A step continues sooner after some ends than after others.
  test('reaches the code in the order of the journal, even if the store takes several at once', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'at-once' }, async ({ step }) => {
      const all = gate()
      const fail = async (): Promise<void> => {
        await all.opened
        throw new FatalError('as planned')
      }
      const order: string[] = []
      const note = (path: string) => () => void order.push(path)
      const steps = [
        step.run('once', () => all.opened, { atMostOnce: true }).then(note('once')),
        step.run('value', () => all.opened).then(note('value')),
        step.run('failure', fail).catch(note('failure')),
      ]
      await step.run('begun', () => undefined)
      all.open()
      await Promise.all(steps)
      return order
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    const order = await handle.result({ timeout: '2m' })
    expect(order.toSorted()).toEqual(['failure', 'once', 'value'])
    const journal = await shop.jobs.inspector.journal(handle.id, { after: 0, limit: 100 })
    const ends = journal.filter(({ phase, path }) => phase !== 'intent' && path !== 'begun')
    expect(order).toEqual(ends.map(({ path }) => path))
  })
})

describe('the identity of a step', () => {
  test('with a repeated name gets #k', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'repeats' }, async ({ step }) => {
      const values: number[] = []
      for (const i of [1, 2, 3]) values.push(await step.run('same', () => i * 10))
      return values
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toEqual([10, 20, 30])
    expect(await journalOf(shop.jobs, handle.id)).toEqual(['same done', 'same#2 done', 'same#3 done'])
  })

  test('is distinguished by keys, also when repeated', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'keys' }, async ({ step }) => {
      await step.run('mail', () => 1, { key: 'ana' })
      await step.run('mail', () => 2, { key: 'ben' })
      await step.run('mail', () => 3, { key: 'ana' })
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await handle.result({ timeout: '2m' })

    expect(await journalOf(shop.jobs, handle.id)).toEqual([
      'mail[ana] done',
      'mail[ben] done',
      'mail[ana]#2 done',
    ])
  })

  test('begins with its scopes', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'scopes' }, async ({ step }) =>
      step.scope('order', async () => {
        const price = await step.run('price', () => 5)
        const paid = await step.scope('pay', () => step.run('card', () => price), { key: 7 })
        return step.scope('pay', () => step.run('card', () => paid * 2), { key: 8 })
      }),
    )
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toBe(10)
    expect(await journalOf(shop.jobs, handle.id)).toEqual([
      'order/price done',
      'order/pay[7]/card done',
      'order/pay[8]/card done',
    ])
  })

  test('in a repeated scope begins with scope#k', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'scope-repeats' }, async ({ step }) => {
      for (const i of [1, 2]) await step.scope('round', () => step.run('play', () => i))
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await handle.result({ timeout: '2m' })

    expect(await journalOf(shop.jobs, handle.id)).toEqual(['round/play done', 'round#2/play done'])
  })

  test('is distinct in scopes that run at the same time', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'parallel-scopes' }, async ({ step }) => {
      const branch = (name: string): Promise<string> =>
        step.scope(name, async () => {
          await step.run('begin', () => 1)
          return step.run('end', () => name)
        })
      return Promise.all([branch('left'), branch('right')])
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)

    await expect(handle.result({ timeout: '2m' })).resolves.toEqual(['left', 'right'])
    const paths = await journalOf(shop.jobs, handle.id)
    expect(paths.toSorted()).toEqual([
      'left/begin done',
      'left/end done',
      'right/begin done',
      'right/end done',
    ])
  })

  test('has its reserved characters escaped, so that a name never looks like a path', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'escapes' }, async ({ step }) => {
      await step.run('a/b#2[c]', () => 1, { key: '50%' })
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await handle.result({ timeout: '2m' })

    expect(await journalOf(shop.jobs, handle.id)).toEqual(['a%2Fb%232%5Bc%5D[50%25] done'])
  })
})
