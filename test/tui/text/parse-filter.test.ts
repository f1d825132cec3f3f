import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Run, runStates } from '../../../runtime/model/run.ts'
import { formatFilter } from '../../../tui/text/format-filter.ts'
import { isHidden, isWhole, parseFilter } from '../../../tui/text/parse-filter.ts'

const now = Date.UTC(2026, 10, 29, 12)
const hourMs = 3_600_000
const read = (text: string): ReturnType<typeof parseFilter> => parseFilter(text, now)
const messages = (text: string): string[] => read(text).unknown.map(({ message }) => message)

describe('a filter', () => {
  test('accepts the parts of the command line', () => {
    const text =
      'state:failed,expired job:import queue:mail tag:eu unique:order-7 worker:w1 by:f1 age>1h since:2h order:oldest err:timeout'
    expect(read(text)).toEqual({
      filter: {
        states: ['failed', 'expired'],
        job: 'import',
        queue: 'mail',
        tag: 'eu',
        unique: 'order-7',
        worker: 'w1',
        fingerprint: 'f1',
        minAgeMs: hourMs,
        since: now - 2 * hourMs,
        text: 'timeout',
      },
      order: 'oldest',
      hidden: [],
      unknown: [],
    })
  })

  test('without parts matches every run', () => {
    expect(read('  ')).toEqual({ filter: {}, hidden: [], unknown: [] })
  })

  test.each([
    ['age<5m', { since: now - 300_000 }],
    ['before:1d', { before: now - 24 * hourMs }],
    ['since:2026-11-29T08:00:00Z', { since: now - 4 * hourMs }],
    ['connection reset', { text: 'connection reset' }],
    ['10.0.0.1:6379', { text: '10.0.0.1:6379' }],
    ['"job:x  y"', { text: 'job:x  y' }],
    ['tag:"a \\"b\\" \\\\"', { tag: 'a "b" \\' }],
    ['tag:"still open', { tag: 'still open' }],
    ['TAG:eu', { tag: 'eu' }],
    ['fingerprint:f1', { fingerprint: 'f1' }],
    ['state:failed state:expired', { states: ['failed', 'expired'] }],
    ['job:a job:a', { job: 'a' }],
    ['limiter:stripe', { limiter: 'stripe' }],
    ['limiter:stripe key:acme', { limiter: 'stripe', limitKey: 'acme' }],
    ['limiter:stripe key:""', { limiter: 'stripe', limitKey: '' }],
  ])('%s', (text, filter) => {
    expect(read(text)).toEqual({ filter, hidden: [], unknown: [] })
  })

  test('sorted by time in state covers the states that have such an order', () => {
    const states = ['ready', 'running', 'waiting', 'cancelling']
    expect(read('order:longest job:a')).toEqual({
      filter: { states, job: 'a' },
      order: 'longest',
      hidden: [],
      unknown: [],
    })
    expect(read('order:longest worker:w').filter).toEqual({ worker: 'w' })
    expect(read('order:longest limiter:l').filter).toEqual({ limiter: 'l' })
  })

  test('with !state: covers the other states', () => {
    const others = runStates.filter((state) => state !== 'completed' && state !== 'expired')
    expect(read('!state:completed !state:expired').filter).toEqual({ states: others })
  })

  test.each([
    ['jobb:import', 0, /'jobb' is not a part of a filter; did you mean job:\? .*in quotes: "jobb:import"/],
    ['eu state:done', 3, /'done' is not a state; there are scheduled, ready/],
    ['age:1h', 0, /'age:' is not how age is written; write age> or age</],
    ['job>x', 0, /write job:/],
    ['job:', 0, /job: has no value/],
    ['age>5', 0, /'5' is not a duration/],
    ['since:noon', 0, /neither a duration nor a time/],
    ['order:best', 0, /not an order; write newest, oldest, longest/],
    ['job:a job:b', 6, /job: is there already, with 'a'/],
    ['since:1h age<2h', 9, /a begin \(age< or since:\) is there already, with '1h'/],
    ['err:a b c', 6, /one text is searched at a time, and err:a is there already/],
    ['!age>1h', 0, /a time has no !/],
    ['!order:oldest', 0, /an order has no opposite/],
    ['!limiter:stripe', 0, /a row does not say which limiters it waits for/],
    ['job:a key:b', 6, /a key of a limiter; write limiter:NAME, too/],
    ['limiter:a key:', 10, /key: has no value/],
    ['order:longest state:failed', 0, /the order 'longest' is for ready.*not for failed/],
    ['state:failed !state:failed', 0, /no state is left/],
  ])('%s: the error names the fault and its position', (text, start, message) => {
    const { unknown } = read(text)
    expect(unknown).toEqual([{ start, message: expect.stringMatching(message) }])
  })

  test('retains its other parts beside a wrong one', () => {
    expect(read('nope:1 job:a order:longest by:f').filter).toEqual({ job: 'a', fingerprint: 'f' })
    expect(messages('nope:1 job:a order:longest by:f')).toHaveLength(2)
  })
})

describe('a part that the store can’t search for', () => {
  const run = (over: object): Run =>
    ({
      id: 'r1',
      job: 'import',
      queue: 'mail',
      tags: ['eu'],
      state: 'running',
      worker: 'w1',
      ...over,
    }) as unknown as Run

  test('hides rows', () => {
    const { filter, hidden } = read('queue:mail !job:import !tag:us !worker:w2 !timeout')
    expect(filter).toEqual({ queue: 'mail' })
    expect(isHidden(run({}), hidden)).toBe(true)
    expect(isHidden(run({ job: 'mails' }), hidden)).toBe(false)
    expect(isHidden(run({ job: 'mails', tags: ['us'] }), hidden)).toBe(true)
    expect(isHidden(run({ job: 'mails', worker: 'w2' }), hidden)).toBe(true)
    expect(isHidden(run({}), read('!queue:sms !by:f1').hidden)).toBe(false)
    expect(isHidden(run({ fingerprint: 'f1' }), read('!by:f1').hidden)).toBe(true)
    const failed = { job: 'mails', state: 'failed', error: { name: 'Error', message: 'Timeout of 5 s' } }
    expect(isHidden(run(failed), hidden)).toBe(true)
  })

  test('makes the filter unusable for actions', () => {
    expect(isWhole(read('!job:a'))).toBe(false)
    expect(isWhole(read('nope:1'))).toBe(false)
    expect(isWhole(read('!state:failed job:a'))).toBe(true)
  })
})

describe('a filter as text', () => {
  test('is short', () => {
    expect(formatFilter({ ...read('err:timeout  age>3600s  !state:completed !eu') })).toBe(
      '!state:completed age>1h !eu timeout',
    )
  })

  test('parses to the same filter', () => {
    const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
    const time = fc.integer({ min: 0, max: now })
    const filter = fc.record(
      {
        states: fc.subarray([...runStates], { minLength: 1 }),
        ...{ job: name, queue: name, tag: name, unique: name, fingerprint: name, worker: name, text: name },
        limiter: name,
        ...{ minAgeMs: fc.integer({ min: 0, max: 1e9 }), since: time, before: time },
      },
      { requiredKeys: [] },
    )
    const hidden = fc.array(
      fc.oneof(
        name.map((text) => ({ text })),
        name.map((job) => ({ job })),
      ),
      { maxLength: 2 },
    )
    fc.assert(
      fc.property(
        filter,
        hidden,
        fc.option(fc.constantFrom('newest', 'oldest'), { nil: undefined }),
        (some, hides, order) => {
          const parts = { filter: some, hidden: hides, ...(order === undefined ? {} : { order }) } as const
          expect(read(formatFilter(parts))).toEqual({ ...parts, unknown: [] })
        },
      ),
    )
  })
})
