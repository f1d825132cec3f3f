import { setImmediate as macrotask } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Context,
  defineJob,
  FatalError,
  limits,
  type RunHandle,
  type StepContext,
  type StepOptions,
} from '../../../sdk/index.ts'
import { type Fixture, gate, openFixture, rejection } from '../../support/fixture.ts'
import { observeUnhandled } from '../unhandled.ts'

const unhandled = observeUnhandled()

const fail = (message: string): never => {
  throw new FatalError(message)
}
const retry = false
/** Options that the types refuse. */
const wrong = { keys: 1 } as object
const points = limits.points({ name: 'points', points: 100, every: '1s' })

/** Steps of the run that the log named at its end. */
function loggedSteps(run: string): unknown[] {
  const lines = shop.lines.filter(
    ({ fields, message, level }) =>
      level === 'warn' &&
      fields.run === run &&
      message === 'a step failed, and the end of the run does not report it',
  )
  return lines.map(({ fields }) => fields.step)
}

/** One worker for all: its job runs the function of that name. */
const functions = new Map<string, (context: Context<string>) => unknown>()
const job = defineJob<string, unknown>(
  { name: 'any', retry: { maxAttempts: 2, initialInterval: 1 } },
  (context) => functions.get(context.input)?.(context),
)
let shop: Fixture
beforeAll(async () => {
  let close = (): void => undefined
  shop = await openFixture({}, (own) => {
    close = own
  })
  await shop.work(job)
  return close
})

function enqueue(run: (context: Context<string>) => unknown): Promise<RunHandle<unknown>> {
  const name = `function ${functions.size}`
  functions.set(name, run)
  return shop.jobs.enqueue(job, name)
}

/** The result of a run of this function, and the steps that the log names at its end. */
async function endOf(
  run: (context: Context<string>) => unknown,
): Promise<{ result: unknown; logged: unknown[] }> {
  const handle = await enqueue(run)
  const result = await handle.result({ timeout: '50s' })
  await unhandled.none()
  return { result, logged: loggedSteps(handle.id) }
}

type Begin = (context: Context<string>) => Promise<unknown>

/** The step it starts, the name of the error that its `await` gets, and the path in the log. */
const failures: readonly [what: string, begin: Begin, error: string, path: string][] = [
  ['a step', ({ step }) => step.run('a', () => fail('no'), { retry }), 'StepFailedError', 'a'],
  [
    'an at-most-once step',
    ({ step }) => step.run('a', () => fail('no'), { atMostOnce: true }),
    'StepFailedError',
    'a',
  ],
  ['a step whose result can’t be stored', ({ step }) => step.run('a', () => () => 1), 'StepFailedError', 'a'],
  ['a wrong option of a step', ({ step }) => step.run('a', () => 1, wrong), 'InvalidOptionsError', 'a'],
  ['a step without a body', ({ step }) => step.run('a', 1 as never), 'InvalidOptionsError', 'a'],
  ['a step without a name', ({ step }) => step.run('', () => 1), 'InvalidOptionsError', ''],
  [
    'an invalid name',
    ({ step }) => step.run(Symbol('a') as never, () => 1),
    'InvalidOptionsError',
    '(symbol)',
  ],
  ['options that are null', ({ step }) => step.run('a', () => 1, null as never), 'InvalidOptionsError', 'a'],
  [
    'a very long name',
    ({ step }) => step.run('a'.repeat(2_000), () => 1),
    'InvalidOptionsError',
    'a'.repeat(100),
  ],
  [
    'a forgotten key',
    ({ step }) => {
      void step.run('a', () => 1)
      return step.run('a', () => 2)
    },
    'DuplicateStepError',
    'a',
  ],
  ['an invalid duration', ({ step }) => step.sleep('a', 'soon' as '1s'), 'InvalidOptionsError', 'a'],
  ['an invalid Date', ({ step }) => step.sleep('a', new Date(Number.NaN)), 'InvalidOptionsError', 'a'],
  ['a wrong option of a sleep', ({ step }) => step.sleep('a', 1, wrong), 'InvalidOptionsError', 'a'],
  [
    'a forgotten key of a sleep',
    ({ step }) => {
      void step.sleep('a', 1)
      return step.sleep('a', 1)
    },
    'DuplicateStepError',
    'a',
  ],
  ['a scope that throws', ({ step }) => step.scope('a', () => fail('no'), { key: 1 }), 'FatalError', 'a[1]'],
  [
    'a scope of a scope',
    ({ step }) => step.scope('a', () => step.scope('b', () => fail('no'))),
    'FatalError',
    'a/b',
  ],
  [
    'a scope whose step fails',
    ({ step }) => step.scope('a', () => step.run('b', () => fail('no'), { retry })),
    'StepFailedError',
    'a/b',
  ],
  [
    'a wrong option inside a scope',
    ({ step }) => step.scope('a', () => step.run('b', () => 1, wrong)),
    'InvalidOptionsError',
    'a/b',
  ],
  ['a wrong option of a scope', ({ step }) => step.scope('a', () => 1, wrong), 'InvalidOptionsError', 'a'],
  [
    'a forgotten key of a scope',
    ({ step }) => {
      void step.scope('a', () => step.run('b', () => 1))
      return step.scope('a', () => step.run('b', () => 1))
    },
    'DuplicateStepError',
    'a',
  ],
]

describe('a failure before its await reaches the await and nothing else', () => {
  test.each(failures)('%s', async (_what, begin, error, path) => {
    const end = await endOf(async (context) => {
      const early = begin(context)
      await context.step.run('meanwhile', () => macrotask())
      await context.step.sleep('a moment', 1)
      return (await rejection(early)).name
    })
    expect(end).toEqual({ result: error, logged: [path] })
  })

  test.each(failures)('%s, never awaited', async (_what, begin, _error, path) => {
    const end = await endOf((context) => {
      void begin(context)
      return context.step.run('main', () => macrotask('done'))
    })
    expect(end).toEqual({ result: 'done', logged: [path] })
  })

  test('a list that is awaited in a loop', async () => {
    const { result, logged } = await endOf(async ({ step }) => {
      const row = (key: number) => step.run('row', () => key % 2 === 0 || fail('odd'), { key, retry })
      const told: string[] = []
      for (const end of [1, 2, 3, 4].map(row)) {
        await step.run('between', () => macrotask())
        told.push(await end.then(String, (error: Error) => error.message))
      }
      return told
    })
    expect(result).toEqual([
      "step 'row[1]' failed after 1 attempt: odd",
      'true',
      "step 'row[3]' failed after 1 attempt: odd",
      'true',
    ])
    expect(logged).toEqual(['row[1]', 'row[3]'])
  })

  test('a step whose failure was stored before a resume', async () => {
    const end = await endOf(async ({ step, run }) => {
      const early = step.run('early', () => fail('no'), { retry })
      await step.run('meanwhile', () => 1)
      if (run.attempt === 1) throw new Error('between steps')
      await step.run('later', () => macrotask())
      return (await rejection(early)).name
    })
    expect(end).toEqual({ result: 'StepFailedError', logged: ['early'] })
  })

  test('a body that begins steps', async () => {
    const { result, logged } = await endOf(({ step }) =>
      step.run('outer', async () => {
        const early = [step.run('inner', () => 1), step.sleep('rest', 1), step.scope('part', () => 1)]
        await macrotask()
        await macrotask()
        return Promise.all(early.map(async (inner) => (await rejection(inner)).name))
      }),
    )
    expect(result).toEqual(['NestedStepError', 'NestedStepError', 'NestedStepError'])
    expect(logged).toEqual(['outer/inner', 'outer/rest', 'outer/part'])
  })

  test.each<[string, string, (context: StepContext) => Promise<void>, StepOptions<string>]>([
    ['in a step without limits', 'plain', ({ correctCost }) => correctCost(1), {}],
    [
      'by an invalid cost',
      'limited',
      ({ correctCost }) => correctCost(-1),
      { limits: [{ limiter: points, cost: 5 }] },
    ],
  ])('a corrected cost %s', async (_what, name, correct, options) => {
    const { result } = await endOf(({ step }) =>
      step.run(
        name,
        async (context) => {
          void correct(context)
          const early = correct(context)
          await macrotask()
          await macrotask()
          return (await rejection(early)).name
        },
        options,
      ),
    )
    expect(result).toBe('InvalidOptionsError')
    const told = shop.lines.filter(({ message }) => message === 'the cost of a step could not be corrected')
    expect(told.filter(({ fields }) => fields.step === name)).toHaveLength(2)
  })
})

describe('the log at the end of a run', () => {
  test('names the steps whose failure the job handled, not the one that ended it', async () => {
    const handle = await enqueue(async ({ step }) => {
      const first = step.run('first', () => fail('a'), { retry })
      const second = step.run('second', () => fail('b'), { retry })
      const third = step.scope('third', () => fail('c'))
      await step.run('meanwhile', () => macrotask())
      await Promise.allSettled([first, third])
      await second
    })
    const { cause } = await rejection(handle.result({ timeout: '50s' }))
    expect((cause as Error).message).toContain("step 'second' failed")
    expect(loggedSteps(handle.id)).toEqual(['first', 'third'])
    await unhandled.none()
  })

  test.each<[string, StepOptions<void>]>([
    ['', {}],
    [' with a timeout', { timeout: '1h' }],
    [' with a limit', { limits: [points] }],
    [' that runs once', { atMostOnce: true, timeout: '1h', limits: [points] }],
  ])('waits for the end of an unawaited step%s', async (_what, options) => {
    const returned = gate()
    const end = await endOf(async ({ step }) => {
      const floating = gate()
      const body = async (): Promise<void> => {
        floating.open()
        await returned.opened
        fail('after the function has returned')
      }
      void step.run('floating', body, options)
      await floating.opened
      setImmediate(returned.open)
      return 'done'
    })
    expect(end).toEqual({ result: 'done', logged: ['floating'] })
  })

  test('does not name a step that succeeded at last', async () => {
    const end = await endOf(({ step }) =>
      step.run('flaky', ({ attempt }) => (attempt < 3 ? Promise.reject(new Error('again')) : attempt), {
        retry: { maxAttempts: 3, initialInterval: 1 },
      }),
    )
    expect(end).toEqual({ result: 3, logged: [] })
  })
})
