import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import { defineJob, FatalError, type Jobs } from '../../../sdk/index.ts'
import { failureOf, openFixture } from '../../support/fixture.ts'
import { closedProxy, oddThrown } from '../../support/odd-thrown.ts'

const quick = { initialInterval: 1, maxInterval: 1 }

function failWith(status: number): never {
  throw Object.assign(new FatalError('not found'), { name: 'HttpError', code: undefined, status })
}

async function groupsOf({ inspector }: Jobs): Promise<readonly FailureGroup[]> {
  return inspector.failures({ limit: 10 })
}

describe('a group of failures', () => {
  test('has the tries of a step, and the run that it failed, however the author wraps it', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'shop', version: 4, input: z.number() }, async ({ step, input }) => {
      const body = (): never => {
        throw Object.assign(new Error(`order ${input} is refused`), { code: 'E_REFUSED' })
      }
      try {
        await step.run('pay', body, { key: String(input), retry: { maxAttempts: 3, ...quick } })
      } catch (cause) {
        throw new Error(`order ${input} is not paid`, { cause })
      }
    })
    await shop.work(job)
    const handles = [await shop.jobs.enqueue(job, 17), await shop.jobs.enqueue(job, 20_481)]
    for (const handle of handles) await failureOf(handle)
    const [group, ...others] = await groupsOf(shop.jobs)
    expect(others).toEqual([])
    expect(group).toMatchObject({
      ...{ job: 'shop', step: 'pay', name: 'Error', code: 'E_REFUSED', text: 'order <n> is refused' },
      ...{ tries: 6, runs: 2, failedNow: 2, versions: [4] },
    })
    for (const { id } of handles)
      expect(await shop.jobs.inspector.run(id)).toMatchObject({ fingerprint: group?.fingerprint })
  })

  test('is that of the step even if a resumed run throws its stored failure', async () => {
    const shop = await openFixture()
    let rethrow = false
    const job = defineJob({ name: 'import' }, async ({ step }) => {
      const error = await step.run('download', () => failWith(404)).catch((thrown: unknown) => thrown)
      if (rethrow) throw error
      await step.run('fallback', () => failWith(410))
    })
    await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await failureOf(handle)
    rethrow = true
    expect(await handle.retry()).toEqual({ runsAgain: ['fallback'], keeps: ['download'] })
    await failureOf(handle)
    const groups = Object.fromEntries((await groupsOf(shop.jobs)).map((group) => [group.step, group]))
    expect(groups).toMatchObject({
      download: { name: 'HttpError', code: '404', tries: 1, runs: 1, failedNow: 1 },
      fallback: { name: 'HttpError', code: '410', tries: 1, runs: 1, failedNow: 0 },
    })
  })

  test('of code between steps has the tries of runs', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'parse', retry: { maxAttempts: 2, ...quick } }, async () => JSON.parse('{'))
    await shop.work(job)
    await failureOf(await shop.jobs.enqueue(job))
    expect(await groupsOf(shop.jobs)).toMatchObject([{ step: '', name: 'SyntaxError', tries: 2, runs: 1 }])
  })

  test('is one per job for runs that exceed its timeout', async () => {
    const shop = await openFixture()
    const job = defineJob(
      { name: 'slow', timeout: 50 },
      ({ abortSignal }) =>
        new Promise<void>((_, reject) =>
          abortSignal.addEventListener('abort', () => reject(abortSignal.reason)),
        ),
    )
    await shop.work(job)
    for (let i = 0; i < 2; i++) await failureOf(await shop.jobs.enqueue(job))
    expect(await groupsOf(shop.jobs)).toMatchObject([
      {
        ...{ fingerprint: 'f1:timeout:slow', name: 'RunTimeoutError', code: 'RUN_TIMEOUT', runs: 2 },
        text: 'the run did not end within its timeout',
      },
    ])
  })

  test('shows a run that waits to retry a step, also after a hand-over', async () => {
    const shop = await openFixture()
    const job = defineJob({ name: 'later' }, async ({ step }) => {
      await step.run(
        'call',
        () => {
          throw Object.assign(new Error('busy'), { status: 503 })
        },
        { retry: { maxAttempts: 2, initialInterval: 600_000 } },
      )
    })
    const worker = await shop.work(job)
    const handle = await shop.jobs.enqueue(job)
    await expect.poll(() => groupsOf(shop.jobs)).toHaveLength(1)
    await worker.stop()
    await shop.work(job)
    const [group] = await groupsOf(shop.jobs)
    const waits = { state: 'waiting', waitingFor: { kind: 'retry' }, fingerprint: group?.fingerprint }
    await expect.poll(() => shop.jobs.inspector.run(handle.id)).toMatchObject(waits)
    expect(await groupsOf(shop.jobs)).toMatchObject([{ tries: 1, runs: 0, code: '503' }])
  })

  test('covers any thrown value', async () => {
    const shop = await openFixture()
    const thrown = [...Object.values(oddThrown), closedProxy]
    const job = defineJob({ name: 'odd', retry: false, input: z.number() }, async ({ step, input }) => {
      const odd = thrown[input]?.()
      await step
        .run(
          'throw',
          () => {
            throw odd
          },
          { retry: false },
        )
        .catch(() => undefined)
      throw odd
    })
    await shop.work(job)
    const handles = await Promise.all(thrown.map((_, i) => shop.jobs.enqueue(job, i)))
    for (const handle of handles) await failureOf(handle)
    const groups = await shop.jobs.inspector.failures({ limit: 1_000 })
    const sum = (of: 'tries' | 'runs') => groups.reduce((all, group) => all + group[of], 0)
    expect([sum('tries'), sum('runs')]).toEqual([2 * thrown.length, thrown.length])
  })
})
