import { setImmediate as macrotask } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Middleware } from '../../../runtime/index.ts'
import { defineJob, FatalError } from '../../../sdk/index.ts'
import { openFixture, rejection } from '../../support/fixture.ts'
import { observeUnhandled } from '../unhandled.ts'

const unhandled = observeUnhandled()
const fail = (message: string): never => {
  throw new FatalError(message)
}
const retry = false

describe('middleware', () => {
  const plain = defineJob({ name: 'plain', retry }, ({ step }) =>
    step.run('a', () => fail('no'), { retry }).catch((error: Error) => error.message),
  )

  test.each<[string, Middleware]>([
    [
      'that awaits next() late',
      {
        step: async (_context, next) => {
          const early = next()
          await macrotask()
          await macrotask()
          return early
        },
      },
    ],
    ['that does not await next() of a run', { run: (_context, next) => next().then((end) => end) }],
  ])('%s ends no process', async (_what, middleware) => {
    const shop = await openFixture()
    await shop.work(plain, { middleware: [middleware] })
    const handle = await shop.jobs.enqueue(plain)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe("step 'a' failed after 1 attempt: no")
    await macrotask()
    await unhandled.none()
  })

  test('a step hook that throws before it returns a promise fails its step', async () => {
    const shop = await openFixture()
    await shop.work(plain, { middleware: [{ step: () => fail('hook') }] })
    const handle = await shop.jobs.enqueue(plain)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe("step 'a' failed after 1 attempt: hook")
  })

  test('a claim hook that throws before it returns a promise is logged, and the next claim is made', async () => {
    const shop = await openFixture()
    let claims = 0
    const claim: Middleware['claim'] = (_context, next) => (++claims === 1 ? fail('hook') : next())
    await shop.work(plain, { middleware: [{ claim }] })
    const handle = await shop.jobs.enqueue(plain)
    await expect(handle.result({ timeout: '2m' })).resolves.toContain('failed after 1 attempt')
    expect(shop.lines.map(({ message }) => message)).toContain('a middleware threw around a claim')
  })
})

describe('the result of a run', () => {
  const child = defineJob({ name: 'child', retry }, () => fail('child'))

  test('reaches a late await, in a job and outside of one', async () => {
    const shop = await openFixture()
    const parent = defineJob({ name: 'parent', retry }, async () => {
      const run = await shop.jobs.enqueue(child)
      const late = run.result()
      await rejection(run.result())
      await macrotask()
      return (await rejection(late)).name
    })
    await shop.work([parent, child])
    const handle = await shop.jobs.enqueue(parent)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('RunFailedError')
    const [one, other] = [await shop.jobs.enqueue(child), await shop.jobs.enqueue(child)]
    const late = [one, other].map((run) => run.result())
    await rejection(other.result())
    await rejection(one.result())
    await macrotask()
    for (const result of late) expect((await rejection(result)).name).toBe('RunFailedError')
    await unhandled.none()
  })
})
