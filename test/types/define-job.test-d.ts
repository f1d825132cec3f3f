import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { defineJob, type Job, type RunInfo } from '../../sdk/index.ts'

describe('the input of a handler', () => {
  test('is the output of a zod schema', () => {
    const input = z.object({ day: z.string().transform((day) => new Date(day)), rows: z.number().default(5) })
    const job = defineJob({ name: 'a', input }, (context) => {
      expectTypeOf(context.input).toEqualTypeOf<{ day: Date; rows: number }>()
    })
    expectTypeOf(job).toEqualTypeOf<Job<{ day: string; rows?: number | undefined }, void>>()
  })

  test('is the output of a valibot schema', () => {
    const input = v.object({ at: v.pipe(v.string(), v.transform(Number)) })
    const job = defineJob({ name: 'a', input }, (context) => {
      expectTypeOf(context.input).toEqualTypeOf<{ at: number }>()
      return context.input.at
    })
    expectTypeOf(job).toEqualTypeOf<Job<{ at: string }, number>>()
  })

  test('is the first type argument if there is no schema', () => {
    const job = defineJob<{ file: string }, boolean>({ name: 'a' }, ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<{ file: string }>()
      return true
    })
    expectTypeOf(job).toEqualTypeOf<Job<{ file: string }, boolean>>()
  })

  test('is undefined if no type is named', () => {
    defineJob({ name: 'a' }, ({ input }) => {
      expectTypeOf(input).toEqualTypeOf<undefined>()
    })
  })

  test('is the parsed one in onFailed too', () => {
    defineJob(
      {
        name: 'a',
        input: z.object({ day: z.string().transform((day) => new Date(day)) }),
        onFailed: ({ error, run, input }) => {
          expectTypeOf(input).toEqualTypeOf<{ day: Date }>()
          expectTypeOf(error).toEqualTypeOf<Error>()
          expectTypeOf(run).toEqualTypeOf<RunInfo>()
        },
      },
      () => undefined,
    )
  })
})

describe('protect', () => {
  test('receives the parsed input', () => {
    const input = z.object({ day: z.string().transform((day) => new Date(day)) })
    const job = defineJob(
      {
        name: 'a',
        input,
        protect: (parsed) => {
          expectTypeOf(parsed).toEqualTypeOf<{ day: Date }>()
          return parsed.day.getTime() > 0
        },
      },
      () => 1,
    )
    expectTypeOf(job).toEqualTypeOf<Job<{ day: string }, number>>()
    defineJob({ name: 'a', protect: true }, ({ run }) => expectTypeOf(run.protect).toEqualTypeOf<boolean>())
    // @ts-expect-error no decision
    defineJob({ name: 'a', protect: false }, () => {})
    // @ts-expect-error not at once
    defineJob({ name: 'a', protect: async () => true }, () => {})
  })
})

describe('a unique key', () => {
  test('is derived from the parsed input', () => {
    const input = z.object({ day: z.string().transform((day) => new Date(day)) })
    const job = defineJob(
      {
        name: 'a',
        input,
        unique: {
          key: (parsed) => {
            expectTypeOf(parsed).toEqualTypeOf<{ day: Date }>()
            return parsed.day.getTime()
          },
          until: '5m',
          onDuplicate: 'replace',
        },
      },
      () => 1,
    )
    expectTypeOf(job).toEqualTypeOf<Job<{ day: string }, number>>()
    defineJob<{ file: string }, void>({ name: 'a', unique: { key: ({ file }) => file } }, () => {})
    defineJob({ name: 'a', unique: true }, () => {})
  })

  test('is a string or a number, and takes known values of until and onDuplicate', () => {
    // @ts-expect-error no key
    defineJob<{ file: string }>({ name: 'a', unique: { key: (input) => input } }, () => {})
    // @ts-expect-error not a time
    defineJob({ name: 'a', unique: { until: 'done' } }, () => {})
    // @ts-expect-error not a way
    defineJob({ name: 'a', unique: { onDuplicate: 'drop' } }, () => {})
  })
})

describe('the output of a job', () => {
  test('is the awaited result of its handler', () => {
    expectTypeOf(defineJob({ name: 'a' }, () => 5)).toEqualTypeOf<Job<undefined, number>>()
    expectTypeOf(defineJob({ name: 'a' }, async () => 'text')).toEqualTypeOf<Job<undefined, string>>()
  })

  test('must fit the second type argument', () => {
    defineJob<string, number>(
      { name: 'a' },
      // @ts-expect-error: a text is no number
      () => 'text',
    )
  })
})

describe('a wrong option of a job is one error, at the option', () => {
  test('no name', () => {
    defineJob(
      // @ts-expect-error: a job has a name
      { queue: 'mails' },
      () => 1,
    )
  })

  test('each option', () => {
    defineJob(
      {
        // @ts-expect-error: a name is a text
        name: 5,
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: true is no retry policy
        retry: true,
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        retry: {
          // @ts-expect-error: it is called maxAttempts
          attempts: 3,
        },
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: a duration has one of five units
        timeout: '5 minutes',
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: a queue is a name
        queue: 7,
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: there is no such option
        retries: 3,
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: a priority is a number
        priority: 'high',
      },
      () => 1,
    )
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: onFailed is a function
        onFailed: 'mail',
      },
      () => 1,
    )
  })

  test('an option beside a schema', () => {
    defineJob(
      {
        name: 'a',
        input: z.object({ file: z.string() }),
        // @ts-expect-error: there is no such option
        retries: 3,
      },
      ({ input }) => input.file,
    )
    defineJob(
      {
        name: 'a',
        input: z.object({ file: z.string() }),
        // @ts-expect-error: a duration has one of five units
        timeout: '5 minutes',
      },
      ({ input }) => input.file,
    )
  })

  test('an input that isn’t a schema', () => {
    defineJob(
      {
        name: 'a',
        // @ts-expect-error: a plain object is no schema
        input: { file: 'string' },
      },
      () => 1,
    )
  })

  test('a handler that uses an input it does not get', () => {
    defineJob({ name: 'a', input: z.object({ file: z.string() }) }, ({ input }) => {
      // @ts-expect-error: the schema has no such field
      return input.path
    })
  })
})
