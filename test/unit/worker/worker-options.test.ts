import { describe, expect, test } from 'vitest'
import { createWorker, type WorkerOptions } from '../../../runtime/index.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob, InvalidOptionsError } from '../../../sdk/index.ts'

const store = 'sqlite:never-opened.db'
const one = defineJob({ name: 'one' }, () => 1)
const two = defineJob({ name: 'two', queue: 'mails', version: 3 }, () => 2)

describe('worker options', () => {
  test('have defaults', () => {
    expect(parseWorkerOptions({ store, jobs: [one] })).toMatchObject({
      concurrency: 10,
      queues: undefined,
      queueOrder: 'turns',
      handleSignals: true,
      drainMs: 25_000,
      maxBlockedMs: 60_000,
      leaseMs: 10_000,
      healthPort: undefined,
    })
  })

  test('are read in milliseconds', () => {
    const options = { stopTimeout: '2m', maxBlocked: '5s', lease: '1s' } as const
    expect(parseWorkerOptions({ store, jobs: [one], ...options })).toMatchObject({
      drainMs: 115_000,
      maxBlockedMs: 5_000,
      leaseMs: 1_000,
    })
  })

  test('reserve half of a short stop timeout for the work', () => {
    expect(parseWorkerOptions({ store, jobs: [one], stopTimeout: '6s' }).drainMs).toBe(3_000)
  })

  test('name each worker differently', () => {
    const names = [createWorker({ store, jobs: [one] }).name, createWorker({ store, jobs: [one] }).name]
    expect(names[0]).not.toBe(names[1])
    expect(createWorker({ store, jobs: [one], name: 'mine' }).name).toBe('mine')
  })

  test('register each job with a digest of its code', () => {
    const changed = defineJob({ name: 'one' }, () => 'changed')
    const [first, second] = parseWorkerOptions({ store, jobs: [one, two] }).registered
    const [other] = parseWorkerOptions({ store, jobs: [changed] }).registered
    expect(second).toMatchObject({ name: 'two', queue: 'mails', version: 3 })
    expect(first?.digest).not.toBe(other?.digest)
  })

  test('accept the same job twice, as from two files that import it', () => {
    expect(parseWorkerOptions({ store, jobs: [one, one] }).registered).toHaveLength(1)
  })
})

describe('a wrong worker option is refused by its name', () => {
  test.each<[string, object, RegExp]>([
    [
      'an unknown one',
      { concurency: 5 },
      /createWorker: unknown option 'concurency'; known are .*concurrency/,
    ],
    ['no jobs', { jobs: [] }, /jobs: name at least one/],
    ['jobs that are no list', { jobs: one }, /jobs: /],
    ['an invalid job', { jobs: [{ name: 'one' }] }, /jobs: every entry must be made by defineJob/],
    [
      'two jobs of one name',
      { jobs: [one, defineJob({ name: 'one' }, () => 2)] },
      /two jobs are named 'one'/,
    ],
    ['a negative concurrency', { concurrency: -1 }, /concurrency: -1 is not a whole number from 1/],
    ['a concurrency of 0', { concurrency: 0 }, /concurrency: 0/],
    ['a concurrency in text', { concurrency: '5' }, /concurrency: 5/],
    ['no queue', { queues: [] }, /queues: /],
    ['a queue that is no text', { queues: [5] }, /queues: /],
    [
      'a strict order of no queues',
      { queueOrder: 'strict' },
      /queueOrder: 'strict' goes by the order of queues/,
    ],
    ['an unknown queue order', { queueOrder: 'random', queues: ['a'] }, /queueOrder: .*not 'random'/],
    ['an empty name', { name: '' }, /name: /],
    ['a port out of range', { healthPort: 65_536 }, /healthPort: 65536/],
    ['a bad stop timeout', { stopTimeout: '30 seconds' }, /stopTimeout: '30 seconds' is not a duration/],
    ['a bad lease', { lease: '10 s' }, /lease: '10 s' is not a duration/],
    ['a lease too short to renew', { lease: 100 }, /lease: 100 ms is too short/],
    ['a bad maxBlocked', { maxBlocked: -1 }, /maxBlocked: -1/],
    ['middleware that is no list', { middleware: {} }, /middleware/],
    ['a logger without levels', { logger: { log: () => undefined } }, /logger/],
    [
      'an unknown store option',
      { store: { url: store, retentions: {} } },
      /store: unknown option 'retentions'/,
    ],
    ['a bad retention', { store: { url: store, retention: { failed: '1 week' } } }, /retention\.failed/],
    [
      'an unknown field of retention',
      { store: { url: store, retention: { complete: '1d' } } },
      /retention.*'complete'/,
    ],
  ])('%s', (_name, options, message) => {
    const all = { store, jobs: [one], ...options } as WorkerOptions
    expect(() => createWorker(all)).toThrow(InvalidOptionsError)
    expect(() => createWorker(all)).toThrow(message)
  })
})
