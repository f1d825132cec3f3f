import { describe, expect, test } from 'vitest'
import type { Middleware } from '../../../runtime/index.ts'
import { defineJob } from '../../../sdk/index.ts'
import { failureOf, gate, openFixture } from '../../support/fixture.ts'

/** Records the runs and steps it sees; every line begins with `name`. */
function noting(name: string, notes: string[]): Middleware {
  return {
    run: async ({ run }, next) => {
      notes.push(`${name} run ${run.job} begins`)
      const stay = await next()
      notes.push(`${name} run ${run.job} ${stay.outcome}`)
      return stay
    },
    step: async ({ path, attempt }, next) => {
      notes.push(`${name} step ${path} ${attempt} begins`)
      try {
        return await next()
      } finally {
        notes.push(`${name} step ${path} ${attempt} ends`)
      }
    },
  }
}

describe('middleware around runs and steps', () => {
  test('wraps each execution and each attempt, outermost first', async () => {
    const shop = await openFixture()
    const notes: string[] = []
    const job = defineJob({ name: 'mail' }, async ({ step }) => step.run('send', () => 'sent'))
    const left = gate()
    await shop.work(job, {
      middleware: [
        { run: (_context, next) => next().finally(left.open) },
        noting('outer', notes),
        noting('inner', notes),
      ],
    })
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })
    await left.opened

    expect(notes).toEqual([
      'outer run mail begins',
      'inner run mail begins',
      'outer step send 1 begins',
      'inner step send 1 begins',
      'inner step send 1 ends',
      'outer step send 1 ends',
      'inner run mail completed',
      'outer run mail completed',
    ])
  })

  test('sees every attempt of a step, and next() of a run settles also when the run fails', async () => {
    const shop = await openFixture()
    const notes: string[] = []
    const left = gate()
    const job = defineJob({ name: 'broken' }, async ({ step }) =>
      step.run('send', () => Promise.reject(new Error('no')), {
        retry: { maxAttempts: 2, initialInterval: 1 },
      }),
    )
    await shop.work(job, {
      middleware: [{ run: (_context, next) => next().finally(left.open) }, noting('m', notes)],
    })
    await failureOf(await shop.jobs.enqueue(job))
    await left.opened

    expect(notes).toEqual([
      'm run broken begins',
      'm step send 1 begins',
      'm step send 1 ends',
      'm step send 2 begins',
      'm step send 2 ends',
      'm run broken failed',
    ])
  })

  test('sees retrying for a run that is retried', async () => {
    const shop = await openFixture()
    const outcomes: string[] = []
    const job = defineJob({ name: 'flaky', retry: { initialInterval: 1 } }, ({ run }) => {
      if (run.attempt < 2) throw new Error('again')
    })
    const both = gate()
    await shop.work(job, {
      middleware: [
        {
          run: async (_context, next) => {
            const stay = await next()
            if (outcomes.push(stay.outcome) === 2) both.open()
            return stay
          },
        },
      ],
    })
    await (await shop.jobs.enqueue(job)).result({ timeout: '2m' })
    await both.opened

    expect(outcomes).toEqual(['retrying', 'completed'])
  })

  test('may change the result of a step; the changed one is stored', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'double' }, async ({ step }) => step.run('one', () => 1))
    await shop.work(job, { middleware: [{ step: async (_context, next) => [await next(), 'changed'] }] })

    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toEqual([1, 'changed'])
  })

  test('that throws around a step is a failed attempt of the step', async () => {
    const shop = await openFixture()
    let calls = 0
    const job = defineJob({ name: 'guarded' }, async ({ step }) => step.run('one', () => 'ran'))
    await shop.work(job, {
      middleware: [
        {
          step: (_context, next) => {
            calls++
            return calls === 1 ? Promise.reject(new TypeError('no trace')) : next()
          },
        },
      ],
    })
    const handle = await shop.jobs.enqueue(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('ran')
    expect(calls).toBe(2)
  })

  test('that throws around a run does not leave the run without an end', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'guarded', retry: 1 }, () => 'done')
    await shop.work(job, { middleware: [{ run: () => Promise.reject(new TypeError('no context')) }] })

    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({ message: 'no context' })
    expect(shop.lines.map(({ message }) => message)).toContain('a middleware threw around a run')
  })

  test('that does not call next() fails the run by name', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'forgotten' }, () => 'done')
    await shop.work(job, { middleware: [{ run: async () => ({ outcome: 'completed' }) }] })
    expect(await failureOf(await shop.jobs.enqueue(job))).toMatchObject({ code: 'INVALID_OPTIONS' })
  })

  test('that throws after next() does not change the outcome of the run', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'guarded' }, () => 'done')
    await shop.work(job, {
      middleware: [
        {
          run: async (_context, next) => {
            await next()
            throw new TypeError('too late')
          },
        },
      ],
    })
    await expect((await shop.jobs.enqueue(job)).result({ timeout: '2m' })).resolves.toBe('done')
  })
})

describe('middleware around claims', () => {
  test('holds runs back as long as it does not continue, and receives the free slots', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'held' }, () => 'done')
    const asked = gate<{ free: number; running: number }>()
    let held = true
    await shop.work(job, {
      concurrency: 3,
      middleware: [
        {
          claim: async ({ free, running }, next) => {
            if (!held) return next()
            asked.open({ free, running })
            return 0
          },
        },
      ],
    })
    const handle = await shop.jobs.enqueue(job)

    expect(await asked.opened).toEqual({ free: 3, running: 0 })
    expect((await handle.status()).state).toBe('ready')
    held = false
    await shop.jobs.enqueue(job)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('returns the number of claimed runs', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'two' }, () => 'done')
    const handles = [await shop.jobs.enqueue(job), await shop.jobs.enqueue(job)]
    const brought: number[] = []
    await shop.work(job, {
      middleware: [
        {
          claim: async (_context, next) => {
            const count = await next()
            brought.push(count)
            return count
          },
        },
      ],
    })
    await Promise.all(handles.map((handle) => handle.result({ timeout: '2m' })))

    expect(brought.find((count) => count > 0)).toBe(2)
  })
})
