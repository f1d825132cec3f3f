import { setImmediate as macrotask } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Middleware } from '../../../runtime/index.ts'
import { defineJob, FatalError, type Jobs } from '../../../sdk/index.ts'
import { observeUnhandled } from '../unhandled.ts'
import { openWorkshop, rejection } from '../workshop.ts'

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
    const shop = await openWorkshop()
    await shop.work(plain, { middleware: [middleware] })
    const handle = await shop.jobs.enqueue(plain)
    await expect(handle.result({ timeout: '50s' })).resolves.toBe("step 'a' failed after 1 attempt: no")
    await macrotask()
    await unhandled.none()
  })

  test('a step hook that throws before it returns a promise fails its step', async () => {
    const shop = await openWorkshop()
    await shop.work(plain, { middleware: [{ step: () => fail('hook') }] })
    const handle = await shop.jobs.enqueue(plain)
    await expect(handle.result({ timeout: '50s' })).resolves.toBe("step 'a' failed after 1 attempt: hook")
  })

  test('a claim hook that throws before it returns a promise is logged, and the next claim is made', async () => {
    const shop = await openWorkshop()
    let claims = 0
    const claim: Middleware['claim'] = (_context, next) => (++claims === 1 ? fail('hook') : next())
    await shop.work(plain, { middleware: [{ claim }] })
    const handle = await shop.jobs.enqueue(plain)
    await expect(handle.result({ timeout: '50s' })).resolves.toContain('failed after 1 attempt')
    expect(shop.lines.map(({ message }) => message)).toContain('a middleware threw around a claim')
  })
})

describe('calls of a client', () => {
  const child = defineJob({ name: 'child', retry }, () => fail('child'))

  test('a result that is awaited late, in a job and outside of one', async () => {
    const shop = await openWorkshop()
    const parent = defineJob({ name: 'parent', retry }, async () => {
      const run = await shop.jobs.enqueue(child)
      const late = run.result()
      await rejection(run.result())
      await macrotask()
      return (await rejection(late)).name
    })
    await shop.work([parent, child])
    const handle = await shop.jobs.enqueue(parent)
    await expect(handle.result({ timeout: '50s' })).resolves.toBe('RunFailedError')
    const [one, other] = [await shop.jobs.enqueue(child), await shop.jobs.enqueue(child)]
    const late = [one, other].map((run) => run.result())
    await rejection(other.result())
    await rejection(one.result())
    await macrotask()
    for (const result of late) expect((await rejection(result)).name).toBe('RunFailedError')
    await unhandled.none()
  })

  test.each<[string, string, (jobs: Jobs) => Promise<unknown>, string]>([
    ['enqueue', 'Jobs.enqueue', (jobs) => jobs.enqueue('no job' as never), 'UnknownJobError'],
    ['retry', 'RunHandle.retry', (jobs) => jobs.run('none').retry(), 'UnknownRunError'],
    ['a schedule', 'Schedules.pause', (jobs) => jobs.schedules.pause('none'), 'UnknownScheduleError'],
    ['a limit', 'Limiters.set', (jobs) => jobs.limits.set('none', { max: 1 }), 'RunStateError'],
    ['a key', 'UniqueKeys.holder', (jobs) => jobs.unique.holder(child, undefined), 'InvalidOptionsError'],
  ])(
    '%s that a job begins early reaches its await, and is logged with the run',
    async (_what, call, begin, error) => {
      const shop = await openWorkshop()
      const job = defineJob({ name: 'caller' }, async ({ step }) => {
        const early = begin(shop.jobs)
        await step.run('meanwhile', () => macrotask())
        const inBody = await step.run('in a body', async () => {
          const inner = begin(shop.jobs)
          await macrotask()
          return (await rejection(inner)).name
        })
        return [(await rejection(early)).name, inBody]
      })
      await shop.work(job)
      const handle = await shop.jobs.enqueue(job)
      expect(await handle.result({ timeout: '50s' })).toEqual([error, error])
      await unhandled.none()
      const told = shop.lines.filter(
        ({ message }) => message === 'a call that the run made to the store failed',
      )
      expect(told.map(({ fields }) => fields.call)).toEqual([call, call])
      expect(told.every(({ fields }) => typeof fields.run === 'string')).toBe(true)
    },
  )
})
