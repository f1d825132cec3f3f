import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createWorker } from '../../runtime/index.ts'
import {
  defineJob,
  type EnqueuedRun,
  type EnqueueResult,
  type Jobs,
  type RetryPlan,
  type RunHandle,
  type RunState,
} from '../../sdk/index.ts'

declare const jobs: Jobs

const hello = defineJob({ name: 'hello' }, async () => 'hello')
const importing = defineJob(
  { name: 'import', input: z.object({ file: z.string(), at: z.string().transform((at) => new Date(at)) }) },
  ({ input }) => ({ rows: 5, at: input.at }),
)
const optional = defineJob<{ file: string } | undefined, void>({ name: 'optional' }, () => undefined)
const given = { file: 'a.csv', at: '2026-01-01' }

describe('enqueue', () => {
  test('accepts the input of the schema, and returns a handle of the output', async () => {
    const handle = await jobs.enqueue(importing, given)
    expectTypeOf(handle).toEqualTypeOf<EnqueuedRun<{ rows: number; at: Date }>>()
    expectTypeOf(await handle.result()).toEqualTypeOf<{ rows: number; at: Date }>()
  })

  test('accepts no input if the job has none', async () => {
    expectTypeOf(await (await jobs.enqueue(hello)).result()).toEqualTypeOf<string>()
    await jobs.enqueue(hello, undefined, { delay: '5m' })
    await jobs.enqueue(optional)
    await jobs.enqueue(optional, { file: 'a.csv' })
  })

  test('accepts every option', async () => {
    await jobs.enqueue(importing, given, {
      id: 'import-1',
      delay: '1.5h',
      priority: -5,
      tags: ['eu'],
      headers: { trace: 't-1' },
      expiresIn: 5_000,
    })
    await jobs.enqueue(importing, given, { at: new Date() })
  })
})

describe('a wrong enqueue is one error, at the fault', () => {
  test('a missing input', async () => {
    // @ts-expect-error: the job takes an input
    await jobs.enqueue(importing)
  })

  test('an input that does not match', async () => {
    await jobs.enqueue(importing, {
      // @ts-expect-error: a file is a text
      file: 7,
      at: '2026-01-01',
    })
    await jobs.enqueue(importing, {
      file: 'a.csv',
      // @ts-expect-error: callers pass the text, the schema makes the Date
      at: new Date(),
    })
    await jobs.enqueue(importing, {
      file: 'a.csv',
      at: '2026-01-01',
      // @ts-expect-error: there is no such field
      path: 'a.csv',
    })
  })

  test('an input for a job without input', async () => {
    await jobs.enqueue(
      hello,
      // @ts-expect-error: the job takes no input
      { file: 'a.csv' },
    )
  })

  test('a wrong option', async () => {
    await jobs.enqueue(importing, given, {
      // @ts-expect-error: there is no such option
      delai: '5m',
    })
    await jobs.enqueue(importing, given, {
      // @ts-expect-error: a duration has one of five units
      delay: '5 minutes',
    })
    await jobs.enqueue(importing, given, {
      // @ts-expect-error: an instant is a Date
      at: '2026-01-01',
    })
    await jobs.enqueue(importing, given, {
      // @ts-expect-error: a priority is a number
      priority: 'high',
    })
    await jobs.enqueue(importing, given, {
      // @ts-expect-error: tags are a list
      tags: 'eu',
    })
    await jobs.enqueue(importing, given, {
      headers: {
        // @ts-expect-error: a header is a text
        trace: 5,
      },
    })
  })

  test('a value that isn’t a job', async () => {
    await jobs.enqueue(
      // @ts-expect-error: made by hand, not by defineJob
      { name: 'hello' },
    )
  })
})

describe('enqueueMany', () => {
  test('accepts a list of inputs and returns one result each', async () => {
    const results = await jobs.enqueueMany(importing, [given, given], { tags: ['bulk'] })
    expectTypeOf(results).toEqualTypeOf<EnqueueResult<{ rows: number; at: Date }>[]>()
    const [first] = results
    if (first?.outcome === 'created')
      expectTypeOf(first.handle).toEqualTypeOf<RunHandle<{ rows: number; at: Date }>>()
    if (first?.outcome === 'rejected') {
      // @ts-expect-error: a rejected run has no handle
      first.handle
    }
  })

  test('accepts no id', async () => {
    await jobs.enqueueMany(importing, [given], {
      // @ts-expect-error: one id can not name many
      id: 'import-1',
    })
  })

  test('rejects an input that does not match', async () => {
    await jobs.enqueueMany(importing, [
      {
        // @ts-expect-error: a file is a text
        file: 7,
        at: '2026-01-01',
      },
    ])
    await jobs.enqueueMany(importing, [
      given,
      // @ts-expect-error: an input is an object
      'a.csv',
    ])
  })
})

describe('a handle', () => {
  test('by id is typed by its job, and unknown without', async () => {
    expectTypeOf(jobs.run(importing, 'import-1')).toEqualTypeOf<RunHandle<{ rows: number; at: Date }>>()
    expectTypeOf(jobs.run(hello, 'h-1').result()).resolves.toEqualTypeOf<string>()
    expectTypeOf(jobs.run('import-1').result()).resolves.toEqualTypeOf<unknown>()
  })

  test('returns typed status, cancel and retry', async () => {
    const handle = jobs.run(hello, 'h-1')
    expectTypeOf((await handle.status()).state).toEqualTypeOf<RunState>()
    expectTypeOf(await handle.cancel({ by: 'ana', reason: 'why' })).toEqualTypeOf<{
      readonly state: RunState
    }>()
    expectTypeOf(await handle.retry({ from: 'a', runAgain: ['b'], dryRun: true })).toEqualTypeOf<RetryPlan>()
  })

  test('rejects an unknown option', async () => {
    await jobs.run('h-1').result({
      // @ts-expect-error: it is called timeout
      timeOut: '5m',
    })
    await jobs.run('h-1').retry({
      // @ts-expect-error: it is called from
      form: 'a',
    })
    await jobs.run('h-1').cancel({
      // @ts-expect-error: it is called reason
      why: 'wrong',
    })
  })
})

describe('a worker', () => {
  test('accepts jobs of any input and output', () => {
    createWorker({ jobs: [hello, importing, optional], concurrency: 5, stopTimeout: '25s' })
  })

  test('rejects a wrong option', () => {
    createWorker({
      jobs: [hello],
      // @ts-expect-error: it is called concurrency
      concurency: 5,
    })
    createWorker({
      // @ts-expect-error: a function is no job
      jobs: [() => 1],
    })
    createWorker({
      jobs: [hello],
      // @ts-expect-error: a duration has one of five units
      lease: '10 seconds',
    })
  })
})
