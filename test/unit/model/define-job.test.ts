import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { isJob } from '../../../runtime/model/job.ts'
import { defineJob, InvalidOptionsError, type JobOptions } from '../../../sdk/index.ts'

const body = (): void => undefined

function define(options: object, handler: unknown = body): unknown {
  return defineJob(options as Omit<JobOptions<undefined, unknown>, 'input'>, handler as () => void)
}

describe('a defined job', () => {
  test('has defaults for omitted options', () => {
    expect(defineJob({ name: 'a' }, body)).toMatchObject({ version: 1, queue: 'default', priority: 0 })
  })

  test('is checked and in milliseconds', () => {
    const job = defineJob(
      { name: 'a', retry: 3, timeout: '2m', queue: 'mails', priority: -5, version: 7 },
      body,
    )
    expect(job).toMatchObject({ timeoutMs: 120_000, queue: 'mails', priority: -5, version: 7 })
    expect(job.retry.maxAttempts).toBe(3)
  })

  test('can’t be changed', () => {
    const job = defineJob({ name: 'a' }, body)
    expect(() => Object.assign(job, { queue: 'other' })).toThrow(TypeError)
  })

  test('is recognized, and nothing else is', () => {
    expect(isJob(defineJob({ name: 'a' }, body))).toBe(true)
    expect([{ name: 'a' }, null, body, 'a'].some(isJob)).toBe(false)
  })
})

describe('a wrong option of a job is refused by its name', () => {
  test.each<[string, object, RegExp]>([
    ['no name', {}, /name/],
    ['an empty name', { name: ' ' }, /name/],
    ['a name that is no text', { name: 5 }, /name/],
    ['an unknown option', { name: 'a', retries: 3 }, /job 'a': unknown option 'retries'; known are .*retry/],
    ['a version of 0', { name: 'a', version: 0 }, /job 'a': version/],
    ['an empty queue', { name: 'a', queue: '' }, /job 'a': queue/],
    ['a bad priority', { name: 'a', priority: 1_001 }, /job 'a': priority/],
    ['a bad retry', { name: 'a', retry: -1 }, /job 'a': retry/],
    ['a bad timeout', { name: 'a', timeout: '5 days' }, /job 'a': timeout/],
    ['an input that is no schema', { name: 'a', input: { file: 'string' } }, /job 'a': input/],
    ['an input that is null', { name: 'a', input: null }, /job 'a': input/],
    ['an onFailed that is no function', { name: 'a', onFailed: 'mail' }, /job 'a': onFailed/],
  ])('%s', (_name, options, message) => {
    expect(() => define(options)).toThrow(InvalidOptionsError)
    expect(() => define(options)).toThrow(message)
  })

  test('no function', () => {
    expect(() => define({ name: 'a' }, 'body')).toThrow(/job 'a': the second argument must be a function/)
  })

  test('no options at all', () => {
    expect(() => defineJob(undefined as never, body)).toThrow(InvalidOptionsError)
  })

  test('a schema that is a function, such as one of arktype, is accepted', () => {
    const callable = Object.assign(() => undefined, { '~standard': z.string()['~standard'] })
    expect(() => define({ name: 'a', input: callable })).not.toThrow()
  })
})
