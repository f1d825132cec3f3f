import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DuplicateRunError, defineJob, type OnDuplicate } from '../../../sdk/index.ts'
import { openFixture, rejection } from '../../support/fixture.ts'

const input = z.object({ file: z.string().trim(), row: z.number().default(1) })

function importing(onDuplicate: OnDuplicate, until: 'finished' | 'started' | '1h' = 'finished') {
  return defineJob(
    { name: 'import', input, unique: { key: ({ file }) => file, until, onDuplicate } },
    ({ input: { file, row } }) => `${file} ${row}`,
  )
}

describe('an enqueue of a unique job', () => {
  test('that joins returns the handle and the typed result of the live run', async () => {
    const shop = await openFixture()
    const job = importing('join')
    const first = await shop.jobs.enqueue(job, { file: 'a.csv' })
    // The key is made of the parsed input.
    const second = await shop.jobs.enqueue(job, { file: ' a.csv ', row: 2 })
    expect(second.id).toBe(first.id)
    await shop.work(job)
    const result: string = await second.result({ timeout: '2m' })
    expect(result).toBe('a.csv 1')
    const third = await shop.jobs.enqueue(job, { file: 'a.csv', row: 3 })
    await expect(third.result({ timeout: '2m' })).resolves.toBe('a.csv 3')
  })

  test('that is rejected throws with the holder’s id and what to do', async () => {
    const { jobs } = await openFixture()
    const job = importing('reject')
    const first = await jobs.enqueue(job, { file: 'a.csv' })
    const error = await rejection(jobs.enqueue(job, { file: 'a.csv', row: 2 }))
    expect(error).toBeInstanceOf(DuplicateRunError)
    expect(error).toMatchObject({ name: 'DuplicateRunError', code: 'DUPLICATE_RUN', runId: first.id })
    expect((error as Error).message).toBe(
      `job 'import': run '${first.id}' holds the unique key 'a.csv', so nothing was stored; ` +
        "wait until it frees the key, cancel it, or get its handle with onDuplicate: 'join'",
    )
    await first.cancel()
    await expect(jobs.enqueue(job, { file: 'a.csv', row: 2 })).resolves.toBeDefined()
  })

  test('that replaces cancels the previous run, whose handle names the replacement', async () => {
    const { jobs } = await openFixture()
    const job = importing('replace')
    const first = await jobs.enqueue(job, { file: 'a.csv' }, { delay: '1h' })
    const second = await jobs.enqueue(job, { file: 'a.csv', row: 2 }, { delay: '1h' })
    expect(second.id).not.toBe(first.id)
    const error = await rejection(first.result({ timeout: '2m' }))
    expect(error).toMatchObject({ code: 'RUN_CANCELLED', reason: `replaced by run ${second.id}` })
  })

  test('without a key function is the same run per input', async () => {
    const { jobs } = await openFixture()
    const job = defineJob({ name: 'import', input, unique: true }, () => 'done')
    const [a, again, b] = [
      await jobs.enqueue(job, { file: 'a.csv' }),
      await jobs.enqueue(job, { row: 1, file: 'a.csv' }),
      await jobs.enqueue(job, { file: 'b.csv' }),
    ]
    expect(again.id).toBe(a.id)
    expect(b.id).not.toBe(a.id)
  })

  test('without a key function treats equal inputs as one, by its id too', async () => {
    const { jobs } = await openFixture()
    const job = defineJob<unknown>({ name: 'import', unique: true }, () => 'done')
    const plain = defineJob<unknown>({ name: 'plain' }, () => 'done')
    const one = { tags: new Set(['b', 'a']), note: undefined, body: Buffer.from('ab') }
    const other = { body: Uint8Array.of(97, 98), tags: new Set(['a', 'b']) }
    const first = await jobs.enqueue(job, one)
    expect((await jobs.enqueue(job, other)).id).toBe(first.id)
    expect((await jobs.unique.holder(job, other))?.id).toBe(first.id)
    expect((await jobs.unique.holder(job, one))?.id).toBe(first.id)
    await jobs.enqueue(plain, one, { id: 'a' })
    expect((await jobs.enqueue(plain, other, { id: 'a' })).id).toBe('a')
    const conflict = await rejection(jobs.enqueue(plain, { ...other, note: null }, { id: 'a' }))
    expect(conflict).toMatchObject({ code: 'RUN_ID_CONFLICT' })
  })

  test('with an invalid key stores nothing', async () => {
    const { jobs } = await openFixture()
    const unique = { key: () => undefined as unknown as string }
    const job = defineJob({ name: 'import', unique }, () => 1)
    const error = await rejection(jobs.enqueue(job))
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(/^job 'import'/) })
    expect((await jobs.inspector.runs({ limit: 5 })).runs).toEqual([])
  })
})

test('enqueueMany reports the outcome of each and never throws for a duplicate', async () => {
  const { jobs } = await openFixture()
  const files = (...names: string[]): { file: string }[] => names.map((file) => ({ file }))
  const outcomes = async (job: ReturnType<typeof importing>, names: string[]): Promise<string[]> =>
    (await jobs.enqueueMany(job, files(...names))).map(({ outcome }) => outcome)

  expect(await outcomes(importing('join'), ['a', 'a', 'b'])).toEqual(['created', 'joined', 'created'])
  expect(await outcomes(importing('replace'), ['a', 'c', 'c'])).toEqual(['replaced', 'created', 'replaced'])
  const answers = await jobs.enqueueMany(importing('reject'), files('a', 'd'))
  expect(answers).toMatchObject([
    { outcome: 'rejected', error: { code: 'DUPLICATE_RUN', runId: expect.any(String) } },
    { outcome: 'created', handle: { id: expect.any(String) } },
  ])
})

describe('the holder of a key', () => {
  test('is found by the input', async () => {
    const { jobs } = await openFixture()
    const job = importing('join', '1h')
    expect(await jobs.unique.holder(job, { file: 'a.csv' })).toBeUndefined()
    const handle = await jobs.enqueue(job, { file: 'a.csv' })
    const holder = await jobs.unique.holder(job, { file: 'a.csv', row: 9 })
    expect(holder?.id).toBe(handle.id)
    expect(await holder?.status()).toMatchObject({ unique: { key: 'a.csv', until: expect.any(Date) } })
  })

  test('of a job that is not unique is an invalid request', async () => {
    const { jobs } = await openFixture()
    const error = await rejection(jobs.unique.holder(defineJob({ name: 'a' }, () => 1)))
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', message: /give it the option unique/ })
  })

  test('is refused for an input that can’t be stored', async () => {
    const { jobs } = await openFixture()
    const loop: { self?: unknown } = {}
    loop.self = loop
    const job = defineJob<unknown>({ name: 'import', unique: true }, () => 1)
    for (const input of [loop, { f: () => 1 }]) {
      expect(await rejection(jobs.unique.holder(job, input))).toMatchObject({ code: 'SERIALIZATION' })
    }
  })

  test('appears in the status only of runs that have a key', async () => {
    const { jobs } = await openFixture()
    const handle = await jobs.enqueue(importing('join'), { file: 'a.csv' })
    expect((await handle.status()).unique).toEqual({ key: 'a.csv', until: 'finished' })
    const plain = await jobs.enqueue(defineJob({ name: 'a' }, () => 1))
    expect(await plain.status()).not.toHaveProperty('unique')
  })
})

test('a retry that would need a held key is refused, and so is its dry run', async () => {
  const { jobs } = await openFixture()
  const job = importing('join')
  const first = await jobs.enqueue(job, { file: 'a.csv' })
  await first.cancel()
  const second = await jobs.enqueue(job, { file: 'a.csv' })
  const refused = { code: 'DUPLICATE_RUN', runId: second.id }
  expect(await rejection(first.retry({ dryRun: true }))).toMatchObject(refused)
  const error = await rejection(first.retry())
  expect(error).toMatchObject(refused)
  expect((error as Error).message).toMatch(
    /^run '\w+' can't be retried: run '\w+' holds the unique key 'a.csv'/,
  )
  await second.cancel()
  await first.retry()
  expect((await jobs.unique.holder(job, { file: 'a.csv' }))?.id).toBe(first.id)
})
