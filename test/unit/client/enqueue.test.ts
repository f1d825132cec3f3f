import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineJob, type EnqueueOptions } from '../../../sdk/index.ts'
import { openFixture, rejection } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

const hello = defineJob({ name: 'hello' }, () => 'hello')
const importing = defineJob(
  { name: 'import', input: z.object({ file: z.string() }) },
  ({ input }) => input.file,
)

describe('enqueue', () => {
  test('creates ids that sort by time', async () => {
    const { jobs } = await openFixture()
    const first = await jobs.enqueue(hello)
    const second = await jobs.enqueue(hello, undefined, { delay: 1 })

    expect(first.id).toHaveLength(26)
    expect(first.id.slice(0, 10) <= second.id.slice(0, 10)).toBe(true)
  })

  test('with the same id and input joins the existing run', async () => {
    const { jobs } = await openFixture()
    const [one, two] = [
      await jobs.enqueue(importing, { file: 'a.csv' }, { id: 'import-1' }),
      await jobs.enqueue(importing, { file: 'a.csv' }, { id: 'import-1' }),
    ]

    expect(two.id).toBe(one.id)
    expect((await jobs.inspector.runs({ limit: 10 })).runs).toHaveLength(1)
  })

  test('with the same id joins even after the run has ended', async () => {
    const shop = await openFixture()
    await shop.work(importing)
    const first = await shop.jobs.enqueue(importing, { file: 'a.csv' }, { id: 'import-1' })
    await first.result({ timeout: '2m' })
    const second = await shop.jobs.enqueue(importing, { file: 'a.csv' }, { id: 'import-1' })

    await expect(second.result({ timeout: '2m' })).resolves.toBe('a.csv')
  })

  test('with the same id and another input or job is refused by name', async () => {
    const { jobs } = await openFixture()
    await jobs.enqueue(importing, { file: 'a.csv' }, { id: 'import-1' })

    const otherInput = await rejection(jobs.enqueue(importing, { file: 'b.csv' }, { id: 'import-1' }))
    const otherJob = await rejection(jobs.enqueue(hello, undefined, { id: 'import-1' }))
    expect(otherInput).toMatchObject({
      name: 'RunIdConflictError',
      code: 'RUN_ID_CONFLICT',
      runId: 'import-1',
    })
    expect(otherJob).toMatchObject({ code: 'RUN_ID_CONFLICT' })
  })

  test('with an invalid input stores nothing', async () => {
    const { jobs } = await openFixture()
    const error = await rejection(jobs.enqueue(importing, { file: 7 } as never))

    expect(error).toMatchObject({ name: 'InvalidInputError', code: 'INVALID_INPUT' })
    expect(error.message).toMatch(/job 'import'.*input\.file/)
    expect((await jobs.inspector.runs({ limit: 10 })).runs).toEqual([])
  })

  test('with an input that can’t be stored names the place inside it', async () => {
    const { jobs } = await openFixture()
    const any = defineJob<{ call: () => void }, void>({ name: 'any' }, () => undefined)
    const error = await rejection(jobs.enqueue(any, { call: () => undefined }))

    expect(error).toMatchObject({ code: 'SERIALIZATION', path: "input of job 'any'.call" })
  })

  test('with an input over the limit is refused', async () => {
    const { jobs } = await openFixture({ maxValueBytes: 100 })
    const error = await rejection(jobs.enqueue(importing, { file: 'x'.repeat(200) }))

    expect(error.message).toMatch(/^input of job 'import': 2\d\d bytes is over the limit of 100/)
  })

  test('of something other than a job is refused by name', async () => {
    const { jobs } = await openFixture()
    expect(await rejection(jobs.enqueue({ name: 'hello' } as never))).toMatchObject({ code: 'UNKNOWN_JOB' })
  })
})

describe('a wrong enqueue option is refused by its name, and nothing is stored', () => {
  test.each<[string, object, RegExp]>([
    ['an unknown one', { delai: '5m' }, /enqueue: unknown option 'delai'; known are .*delay/],
    ['a bad delay', { delay: '5 min' }, /enqueue: delay: '5 min' is not a duration/],
    ['a negative delay', { delay: -1 }, /enqueue: delay: -1/],
    ['an invalid Date', { at: new Date(Number.NaN) }, /enqueue: at must be a valid Date/],
    ['a text for a Date', { at: '2026-01-01' }, /enqueue: at must be a valid Date/],
    ['delay beside at', { delay: 1, at: new Date() }, /enqueue: write delay or at, not both/],
    ['a priority out of range', { priority: 1_001 }, /enqueue: priority: 1001/],
    ['an id with a space', { id: 'a b' }, /enqueue: id: 'a b'/],
    ['tags that are no list', { tags: 'eu' }, /enqueue: tags/],
    ['an empty tag', { tags: [''] }, /enqueue: tags/],
    ['51 tags', { tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, /enqueue: tags/],
    ['a header that is no text', { headers: { trace: 5 } }, /enqueue: headers/],
    ['headers that are a list', { headers: ['trace'] }, /enqueue: headers/],
    ['a bad expiresIn', { expiresIn: '1 hour' }, /enqueue: expiresIn: '1 hour'/],
  ])('%s', async (_name, options, message) => {
    const { jobs } = await openFixture()
    const error = await rejection(jobs.enqueue(hello, undefined, options as EnqueueOptions))

    expect(error).toMatchObject({ name: 'InvalidOptionsError', code: 'INVALID_OPTIONS' })
    expect(error.message).toMatch(message)
    expect((await jobs.inspector.runs({ limit: 1 })).runs).toEqual([])
  })
})

describe('enqueueMany', () => {
  test('stores 10,000 runs and returns them in their order', async () => {
    const { jobs } = await openFixture()
    const files = Array.from({ length: 10_000 }, (_, i) => ({ file: `${i}.csv` }))
    const results = await jobs.enqueueMany(importing, files, { tags: ['bulk'] })

    expect(results).toHaveLength(10_000)
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['created']))
    const [queue] = await jobs.inspector.queues()
    expect(queue?.counts.ready).toBe(10_000)
  })

  test('gives each run its own input', async () => {
    const shop = await openFixture()
    await shop.work(importing)
    const results = await shop.jobs.enqueueMany(importing, [{ file: 'a' }, { file: 'b' }, { file: 'c' }])
    const outputs = results.map((result) =>
      result.outcome === 'rejected' ? 'rejected' : result.handle.result({ timeout: '2m' }),
    )

    expect(await Promise.all(outputs)).toEqual(['a', 'b', 'c'])
  })

  test('stores none if one input is invalid', async () => {
    const { jobs } = await openFixture()
    const error = await rejection(jobs.enqueueMany(importing, [{ file: 'a' }, { file: 7 } as never]))

    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect((await jobs.inspector.runs({ limit: 1 })).runs).toEqual([])
  })

  test('of nothing returns nothing', async () => {
    const { jobs } = await openFixture()
    expect(await jobs.enqueueMany(importing, [])).toEqual([])
  })

  test('takes no id, because one id can’t name many', async () => {
    const { jobs } = await openFixture()
    const error = await rejection(jobs.enqueueMany(importing, [{ file: 'a' }], { id: 'x' } as EnqueueOptions))

    expect(error).toMatchObject({ code: 'INVALID_OPTIONS' })
  })
})

describe('middleware around an enqueue', () => {
  test('may add headers, and sees the input and the returned ids', async () => {
    const shop = await openFixture()
    const seen: unknown[] = []
    const client = await shop.connect({
      middleware: [
        {
          enqueue: async ({ job, input, headers }, next) => {
            headers.trace = 't-1'
            const ids = await next()
            seen.push(job, input, ids)
            return ids
          },
        },
      ],
    })
    const job = defineJob<string, unknown>({ name: 'traced' }, ({ run }) => run.headers)
    await shop.work(job)
    const handle = await client.enqueue(job, 'in', { headers: { own: 'h' } })

    await expect(handle.result({ timeout: '2m' })).resolves.toEqual({ own: 'h', trace: 't-1' })
    expect(seen).toEqual(['traced', 'in', [handle.id]])
  })

  test.each(bothStores)('of concurrent callers on %s sees the run of its own call', async (_, options) => {
    const shop = await openFixture(await options())
    const seen: unknown[] = []
    const client = await shop.connect({
      middleware: [
        {
          enqueue: async ({ input }, next) => {
            const ids = await next()
            seen.push([input, ids])
            return ids
          },
        },
      ],
    })
    const inputs = Array.from({ length: 30 }, (_, i) => ({ file: `${i}.csv` }))
    const handles = await Promise.all(inputs.map((input) => client.enqueue(importing, input)))

    expect(seen).toEqual(inputs.map((input, i) => [input, [handles[i]?.id]]))
    expect(new Set(handles.map(({ id, outcome }) => `${outcome} ${id}`)).size).toBe(30)
    expect((await client.inspector.runs({ limit: 100 })).runs).toHaveLength(30)
  })

  test('that throws stores nothing', async () => {
    const shop = await openFixture()
    const client = await shop.connect({
      middleware: [{ enqueue: () => Promise.reject(new TypeError('no trace')) }],
    })

    expect(await rejection(client.enqueue(hello))).toMatchObject({ message: 'no trace' })
    expect((await client.inspector.runs({ limit: 1 })).runs).toEqual([])
  })

  test('that does not continue causes a named error, not an inner one', async () => {
    const shop = await openFixture()
    const client = await shop.connect({ middleware: [{ enqueue: async () => [] }] })
    const error = await rejection(client.enqueue(hello))

    expect(error).toMatchObject({ code: expect.any(String), message: expect.stringMatching(/middleware/) })
  })
})
