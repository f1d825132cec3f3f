import { describe, expect, test } from 'vitest'
import { defineJob } from '../../../sdk/index.ts'
import { gate, openFixture, rejection } from '../../support/fixture.ts'

const idle = defineJob({ name: 'idle' }, () => 'done')

describe('a run handle', () => {
  test('is created by id without a read of the store', async () => {
    const shop = await openFixture()
    const { id } = await shop.jobs.enqueue(idle)
    await shop.work(idle)

    await expect(shop.jobs.run(idle, id).result({ timeout: '2m' })).resolves.toBe('done')
    await expect(shop.jobs.run(id).result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('of an unknown run is refused on its first use, by name', async () => {
    const { jobs } = await openFixture()
    const handle = jobs.run('nobody')

    for (const question of [handle.result(), handle.status(), handle.retry()]) {
      expect(await rejection(question)).toMatchObject({ code: 'UNKNOWN_RUN', runId: 'nobody' })
    }
  })

  test('returns the result to many callers, before and after the end', async () => {
    const shop = await openFixture()
    const handle = await shop.jobs.enqueue(idle)
    const early = [handle.result({ timeout: '2m' }), handle.result({ timeout: '2m' })]
    await shop.work(idle)

    expect(await Promise.all(early)).toEqual(['done', 'done'])
    await expect(handle.result()).resolves.toBe('done')
  })

  test('stops waiting for a result at its timeout, and the run continues', async () => {
    const shop = await openFixture()
    const handle = await shop.jobs.enqueue(idle)
    const error = await rejection(handle.result({ timeout: 5 }))

    expect(error).toMatchObject({ name: 'ResultTimeoutError', code: 'RESULT_TIMEOUT' })
    expect(error.message).toMatch(/has not ended within 5 ms \(now: ready\); it is still going/)
    await shop.work(idle)
    await expect(handle.result({ timeout: '2m' })).resolves.toBe('done')
  })

  test('tells a caller that waits for a result that the connection was closed', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'nobody-works' }, () => 'done')
    const client = await shop.connect()
    const waiting = rejection((await client.enqueue(job)).result())
    await client.close()
    expect(await waiting).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  test('with a bad timeout is refused by name', async () => {
    const { jobs } = await openFixture()
    const handle = await jobs.enqueue(idle)
    expect(await rejection(handle.result({ timeout: '5 min' as '5m' }))).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/^result: timeout/),
    })
  })
})

describe('the status of a run', () => {
  test('goes from ready through running to completed', async () => {
    const shop = await openFixture()
    const [begun, goOn] = [gate(), gate()]
    const job = defineJob({ name: 'slow', queue: 'mails' }, async ({ step }) =>
      step.run('wait', () => {
        begun.open()
        return goOn.opened
      }),
    )
    const handle = await shop.jobs.enqueue(job)
    expect(await handle.status()).toEqual({ state: 'ready', queue: 'mails', attempt: 1, losses: 0 })

    await shop.work(job)
    await begun.opened
    expect((await handle.status()).state).toBe('running')
    goOn.open()
    await handle.result({ timeout: '2m' })
    expect(await handle.status()).toEqual({ state: 'completed', queue: 'mails', attempt: 1, losses: 0 })
  })

  test('of a delayed run is scheduled and shows until when', async () => {
    const { jobs } = await openFixture()
    const at = new Date(Date.now() + 3_600_000)
    const handle = await jobs.enqueue(idle, undefined, { at })

    expect(await handle.status()).toMatchObject({
      state: 'scheduled',
      waitingFor: { kind: 'time', until: at },
    })
  })

  test('of a long sleep is waiting and names the sleep', async () => {
    const shop = await openFixture()
    const left = gate<string>()
    const job = defineJob({ name: 'sleepy' }, async ({ step }) => step.sleep('until spring', '100d'))
    await shop.work(job, {
      middleware: [
        {
          run: async (_context, next) => {
            const stay = await next()
            left.open(stay.outcome)
            return stay
          },
        },
      ],
    })
    const handle = await shop.jobs.enqueue(job)

    expect(await left.opened).toBe('waiting')
    const { state, waitingFor } = await handle.status()
    expect([state, waitingFor?.kind, waitingFor?.name]).toEqual(['waiting', 'time', 'until spring'])
    expect(waitingFor?.until?.getTime()).toBeGreaterThan(Date.now() + 99 * 86_400_000)
  })
})

describe('the connection', () => {
  test('removes an ended run, and refuses a live one', async () => {
    const { jobs } = await openFixture()
    const handle = await jobs.enqueue(idle)
    expect(await rejection(jobs.remove(handle.id))).toMatchObject({ code: 'RUN_STATE' })
    await handle.cancel()
    await jobs.remove(handle.id)

    expect(await rejection(handle.status())).toMatchObject({ code: 'UNKNOWN_RUN' })
  })

  test('with an unknown option is refused by its name', async () => {
    const { store, connect } = await openFixture()
    expect(store.url).toMatch(/^sqlite:/)
    expect(await rejection(connect({ middlewares: [] } as object))).toMatchObject({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/unknown option 'middlewares'/),
    })
  })
})
