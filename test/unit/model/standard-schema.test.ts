import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseInput } from '../../../runtime/model/standard-schema.ts'
import { InvalidInputError } from '../../../sdk/index.ts'

async function issuesOf(parsed: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await parsed.catch((thrown: unknown) => thrown)
  if (error instanceof InvalidInputError) return error.issues
  throw new Error('the input was not refused', { cause: error })
}

describe('input is parsed by any Standard Schema', () => {
  test('of zod: the parsed value is used', async () => {
    const schema = z.object({ file: z.string().trim(), rows: z.number().default(5) })
    await expect(parseInput(schema, { file: ' a.csv ' }, 'import')).resolves.toEqual({
      file: 'a.csv',
      rows: 5,
    })
  })

  test('of valibot: the parsed value is used', async () => {
    const schema = v.object({
      day: v.pipe(
        v.string(),
        v.transform((day) => new Date(day)),
      ),
    })
    const parsed = await parseInput(schema, { day: '2026-01-02' }, 'import')
    expect(parsed).toEqual({ day: new Date('2026-01-02') })
  })

  test('with an asynchronous result', async () => {
    const schema = z.string().refine(async (name) => Promise.resolve(name !== 'taken'))
    await expect(parseInput(schema, 'free', 'sign-up')).resolves.toBe('free')
    await expect(parseInput(schema, 'taken', 'sign-up')).rejects.toBeInstanceOf(InvalidInputError)
  })

  test('or used unchanged without one', async () => {
    const input = { any: 'thing' }
    await expect(parseInput(undefined, input, 'import')).resolves.toBe(input)
  })
})

describe('an input that does not fit', () => {
  test('is refused with every issue and its path', async () => {
    const schema = z.object({ file: z.string(), rows: z.array(z.object({ id: z.number() })) })
    const issues = await issuesOf(parseInput(schema, { file: 7, rows: [{ id: 1 }, { id: 'x' }] }, 'import'))
    expect(issues).toEqual([
      expect.stringMatching(/^input\.file: .*string/),
      expect.stringMatching(/^input\.rows\.1\.id: .*number/),
    ])
  })

  test('is refused with the paths of valibot, which are objects', async () => {
    const schema = v.object({ user: v.object({ age: v.number() }) })
    expect(await issuesOf(parseInput(schema, { user: { age: 'old' } }, 'import'))).toEqual([
      expect.stringMatching(/^input\.user\.age: /),
    ])
  })

  test('names its job in the message', async () => {
    await expect(parseInput(z.string(), 7, 'import')).rejects.toThrow(/job 'import'.*input: /)
  })
})
