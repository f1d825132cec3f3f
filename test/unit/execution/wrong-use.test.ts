import { beforeAll, describe, expect, test } from 'vitest'
import { type Context, defineJob, type StepOptions } from '../../../sdk/index.ts'
import { type Fixture, failureOf, openFixture } from '../../support/fixture.ts'

type Body = (context: Context<string>) => Promise<unknown>

/** One worker for all: its job runs the body of that name. */
const bodies = new Map<string, Body>()
const calls = new Map<string, number>()
const job = defineJob<string, unknown>(
  { name: 'wrong', retry: { maxAttempts: 3, initialInterval: 1 } },
  (context) => {
    calls.set(context.input, (calls.get(context.input) ?? 0) + 1)
    return bodies.get(context.input)?.(context)
  },
)
let shop: Fixture
beforeAll(async () => {
  let close = (): void => undefined
  shop = await openFixture({ maxValueBytes: 1_000 }, (own) => {
    close = own
  })
  await shop.work(job)
  return close
})

/** The error that fails a run of this body, and how often the body was called. */
async function failureOfBody(body: Body): Promise<{ failure: Error; calls: number | undefined }> {
  const name = `body ${bodies.size}`
  bodies.set(name, body)
  const failure = await failureOf(await shop.jobs.enqueue(job, name))
  return { failure, calls: calls.get(name) }
}

class Point {
  readonly x = 1
}

describe('a misused step fails the run by name, at once', () => {
  test.each<[string, Body, string, RegExp]>([
    [
      'two of one name at the same time without a key',
      ({ step }) => Promise.all([step.run('same', () => 1), step.run('same', () => 2)]),
      'DuplicateStepError',
      /step 'same' is already pending.*\{ key \}/,
    ],
    [
      'two scopes of one name at the same time without a key',
      ({ step }) =>
        Promise.all([
          step.scope('same', () => step.run('a', () => 1)),
          step.scope('same', () => step.run('a', () => 2)),
        ]),
      'DuplicateStepError',
      /step 'same'/,
    ],
    [
      'an empty name',
      ({ step }) => step.run('', () => 1),
      'InvalidOptionsError',
      /name must be a non-empty string/,
    ],
    [
      'a bad sleep',
      ({ step }) => step.sleep('rest', '10 minutes' as '10m'),
      'InvalidOptionsError',
      /step\.sleep 'rest': '10 minutes' is not a duration/,
    ],
    [
      'a sleep until an invalid Date',
      ({ step }) => step.sleep('rest', new Date(Number.NaN)),
      'InvalidOptionsError',
      /'rest': an invalid Date/,
    ],
    [
      'a body that is no function',
      ({ step }) => step.run('a', 'body' as unknown as () => 1),
      'InvalidOptionsError',
      /step 'a'/,
    ],
    [
      'an unknown option of a sleep',
      ({ step }) => step.sleep('rest', 1, { keys: 1 } as object),
      'InvalidOptionsError',
      /'rest': unknown option 'keys'/,
    ],
    [
      'an unknown option of a scope',
      ({ step }) => step.scope('part', () => 1, { keys: 1 } as object),
      'InvalidOptionsError',
      /'part': unknown option 'keys'/,
    ],
  ])('%s', async (_name, body, name, message) => {
    const { failure, calls: called } = await failureOfBody(body)
    expect(failure.name).toBe(name)
    expect(failure.message).toMatch(message)
    expect(called).toBe(1)
  })

  test.each<[string, object, RegExp]>([
    ['an unknown one', { retries: 3 }, /step 'a': unknown option 'retries'; known are .*retry/],
    ['a bad retry', { retry: 0 }, /step 'a': retry: 0 /],
    ['a bad timeout', { timeout: '5 min' }, /step 'a': timeout: '5 min' is not a duration/],
    ['a bad key', { key: {} }, /step 'a': its key must be/],
    ['retry beside atMostOnce', { atMostOnce: true, retry: 2 }, /step 'a': .*leave retry out/],
    ['onUnknown without atMostOnce', { onUnknown: () => 1 }, /step 'a': onUnknown belongs to atMostOnce/],
  ])('a wrong step option: %s', async (_name, options, message) => {
    let began = false
    const { failure } = await failureOfBody(async ({ step }) => {
      await step.run(
        'a',
        () => {
          began = true
        },
        options as StepOptions<void>,
      )
    })
    expect(failure.name).toBe('InvalidOptionsError')
    expect(failure.message).toMatch(message)
    expect(began).toBe(false)
  })

  test('a step inside the body of another one', async () => {
    const { failure, calls: called } = await failureOfBody(({ step }) =>
      step.run('outer', async () => step.run('inner', () => 1)),
    )
    expect(failure).toMatchObject({
      name: 'StepFailedError',
      cause: { name: 'NestedStepError', code: 'NESTED_STEP' },
    })
    expect(failure.message).toMatch(/step 'inner' was called inside the body of step 'outer'/)
    expect(called).toBe(1)
  })

  test('a sleep or a scope inside the body of a step', async () => {
    const { failure } = await failureOfBody(({ step }) =>
      step
        .run('outer', async () => {
          const errors = await Promise.allSettled([step.sleep('rest', 1), step.scope('part', () => 1)])
          return errors.map((settled) => settled.status === 'rejected' && (settled.reason as Error).name)
        })
        .then((names) => {
          throw new Error(names.join())
        }),
    )
    expect(failure.message).toBe('NestedStepError,NestedStepError')
  })
})

describe('a value that can’t be stored fails the run by name', () => {
  test('a step result names the place inside it, and the body is not run again', async () => {
    let made = 0
    const { failure } = await failureOfBody(({ step }) =>
      step.run('make', () => {
        made++
        return { rows: [{ at: new Point() }] }
      }),
    )
    expect(failure).toMatchObject({
      name: 'StepFailedError',
      cause: { name: 'SerializationError', code: 'SERIALIZATION' },
    })
    expect(failure.message).toContain("result of step 'make'.rows[0].at: an instance of Point")
    expect(made).toBe(1)
  })

  test('a step result over the limit', async () => {
    const { failure } = await failureOfBody(({ step }) => step.run('make', () => 'x'.repeat(2_000)))
    expect(failure.message).toMatch(/result of step 'make': 20\d\d bytes is over the limit of 1000/)
  })

  test('an output over the limit', async () => {
    const { failure, calls: called } = await failureOfBody(async () => 'x'.repeat(2_000))
    expect(failure).toMatchObject({ name: 'SerializationError', code: 'SERIALIZATION' })
    expect(failure.message).toMatch(/^output: 20\d\d bytes is over the limit of 1000 \(maxValueBytes\)/)
    expect(called).toBe(1)
  })

  test('an output that is a class instance', async () => {
    const { failure } = await failureOfBody(async () => ({ point: new Point() }))
    expect(failure.message).toMatch(/^output\.point: an instance of Point/)
  })
})
