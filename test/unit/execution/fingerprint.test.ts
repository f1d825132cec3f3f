import { describe, expect, test } from 'vitest'
import { failureMark } from '../../../runtime/execution/fingerprint.ts'
import { normalizedMessage, normalizedText } from '../../../runtime/execution/normalized-message.ts'
import { decodeValue, encodeError } from '../../../runtime/model/codec.ts'
import { RunFailedError, StepFailedError, StepTimeoutError } from '../../../runtime/model/errors.ts'
import { fromStoredError, type StoredError, toStoredError } from '../../../runtime/model/stored-error.ts'
import { oddThrown } from '../../support/odd-thrown.ts'
import { type RealGroup, realGroups } from './real-failures.ts'

const place = { job: 'import-file', version: 3, step: 'parse' } as const

function realError({ name, code, status }: RealGroup, message: string): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? { status } : { code, status: 500 })
}

function markOf(thrown: unknown, over: Partial<{ job: string; version: number; step: string }> = {}) {
  return failureMark(toStoredError(thrown), { ...place, ...over })
}

describe('real errors', () => {
  const messages = realGroups.flatMap((group) => group.messages.map((message) => ({ group, message })))

  test('number at least sixty', () => expect(messages.length).toBeGreaterThanOrEqual(60))

  test.each(messages)('$message', ({ group, message }) => {
    const { code = group.status, text } = group
    expect(markOf(realError(group, message))).toEqual({
      ...{ fingerprint: expect.stringMatching(/^f1:[0-9a-f]{12}$/), step: 'parse', version: 3 },
      ...{ name: group.name, text, ...(code === undefined ? {} : { code: String(code) }) },
    })
  })

  test('of one cause share a fingerprint, and no others do', () => {
    const found = new Map<string, Set<RealGroup>>()
    for (const { group, message } of messages) {
      const { fingerprint } = markOf(realError(group, message))
      found.set(fingerprint, (found.get(fingerprint) ?? new Set()).add(group))
    }
    expect(found.size).toBe(realGroups.length)
    expect([...found.values()].filter((groups) => groups.size > 1)).toEqual([])
  })
})

describe('a fingerprint', () => {
  test('depends on the job and the step, without keys and counters, whatever the version', () => {
    const error = new Error('refused')
    const { fingerprint } = markOf(error, { step: 'all/pay' })
    for (const step of ['all/pay[17]', 'all#2/pay', 'all[a%5D]/pay[b]#3'])
      expect(markOf(error, { step })).toMatchObject({ fingerprint, step: 'all/pay' })
    expect(markOf(error, { step: 'all/pay', version: 4 })).toMatchObject({ fingerprint, version: 4 })
    for (const other of [{ job: 'other' }, { step: 'pay' }, { step: '' }])
      expect(markOf(error, { step: 'all/pay', ...other }).fingerprint).not.toBe(fingerprint)
  })

  test('depends on the innermost cause', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:80'), { code: 'ECONNREFUSED' })
    const wrapped = new Error('order 17 is not paid', { cause: new TypeError('fetch failed', { cause }) })
    expect(markOf(wrapped)).toEqual(markOf(cause))
    expect(markOf(new RunFailedError('run-1', new StepFailedError('pay[1]', 3, wrapped)))).toEqual(
      markOf(cause),
    )
    expect(markOf(new Error('refused', { cause: 'a text' }))).toMatchObject({
      name: 'Error',
      text: 'refused',
    })
  })

  test('of addresses that all refused is that of the first', () => {
    const refused = (host: string) =>
      Object.assign(new Error(`connect ECONNREFUSED ${host}`), { code: 'ECONNREFUSED' })
    const all = Object.assign(new AggregateError([refused('::1:80'), refused('127.0.0.1:80')]), {
      code: 'ECONNREFUSED',
    })
    expect(markOf(new TypeError('fetch failed', { cause: all }))).toEqual(markOf(refused('127.0.0.1:80')))
    expect(markOf(new AggregateError([refused('::1:80')], 'All promises were rejected'))).toMatchObject({
      name: 'AggregateError',
      text: 'All promises were rejected',
    })
  })

  test('of the package’s own errors does not depend on keys', () => {
    const [one, two] = ['pay[1]', 'pay[b c]#2'].map((step) =>
      markOf(new StepTimeoutError(step, 5_000), { step }),
    )
    expect(one).toEqual(two)
    expect(one?.text).toBe("step 'pay' took longer than its timeout of <n> s")
  })

  test('is the same for an error read from a store', () => {
    let error = Object.assign(new Error('not found'), { status: 404 }) as Error
    for (let i = 0; i < 6; i++) error = new Error(`level ${i} ${'x'.repeat(20_000)}`, { cause: error })
    const stored = toStoredError(error)
    const read = decodeValue(encodeError(stored), 'error') as StoredError
    expect(failureMark(read, place)).toEqual(failureMark(stored, place))
  })

  test('includes a status only if there is no code', () => {
    expect(markOf(Object.assign(new Error('x'), { status: 404 })).code).toBe('404')
    expect(markOf(Object.assign(new Error('x'), { status: 404, code: 'E' })).code).toBe('E')
    expect(markOf(Object.assign(new Error('x'), { status: {} }))).not.toHaveProperty('code')
    expect(fromStoredError(toStoredError(Object.assign(new Error('x'), { status: 404 })))).not.toHaveProperty(
      'status',
    )
  })

  test.each(Object.entries(oddThrown))('is based on %s', (_, thrown) => {
    const { fingerprint, name, text } = markOf(thrown())
    expect(fingerprint).toMatch(/^f1:/)
    expect(name.length + text.length).toBeLessThanOrEqual(400)
    expect((name + text).isWellFormed()).toBe(true)
  })

  test.each<[unknown, string, string]>([
    ['out of paper 17', 'NonError', 'out of paper <n>'],
    [undefined, 'NonError', 'undefined'],
    [{ id: 17, reason: 'refused' }, 'NonError', '{"id":<n>,"reason":"refused"}'],
    [new Error(''), 'Error', ''],
    [new Error('\n\n  first\nsecond'), 'Error', 'first'],
  ])('of %o', (thrown, name, text) => expect(markOf(thrown)).toMatchObject({ name, text }))
})

describe('a normalized message', () => {
  test('has at most 300 characters, and does not end inside a removed value', () => {
    expect(normalizedMessage('word '.repeat(100))).toHaveLength(300)
    const long = (id: string) => normalizedMessage(`${'/a/b '.repeat(200)}${`order${id} `.repeat(400)}`)
    expect(long('1')).toBe(long('20481'))
    expect(normalizedMessage(`at https://a.io/${'x'.repeat(3_000)}`)).toBe('at')
    expect(normalizedMessage(`https://a.io/${'x'.repeat(3_000)}`)).toBe('<url>')
  })

  test('is well-formed', () => {
    expect(normalizedMessage(`${'x'.repeat(299)}😀`).isWellFormed()).toBe(true)
    expect(normalizedMessage('a\ud800').isWellFormed()).toBe(true)
  })

  test.each([
    ['connect to user:hunter@db.internal failed', 'connect to <host> failed'],
    ['connect to user:p@ss!w0rd@db:5432 failed', 'connect to <host> failed'],
    ['no route to :secret@cache.prod:6379', 'no route to <host>'],
    [
      'no DSN: user=bob password=s3cret host=db port=5432',
      'no DSN: user=<text> password=<text> host=<host> port=<n>',
    ],
    ['401 for Bearer eyJhbGci.eyJzdWIi.AbCd', '<n> for Bearer <text>'],
    ['id deadbeefcafe not found', 'id <n> not found'],
    ['id DEADBEEF of user_fadedcafe', 'id <n> of user_<n>'],
    ['a defaced facade, effaced: feedback', 'a defaced facade, effaced: feedback'],
    ['unknown column user: it is ambiguous', 'unknown column user: it is ambiguous'],
  ])('contains no credentials and no hex without digits: %s', (message, text) => {
    expect(normalizedMessage(message)).toBe(text)
  })

  // A pattern that took quadratic time would take hours for each of these.
  const adversarial = [
    ...['a', '0', '/', '.', '-', ':', '@', '_', "'", '"', '`', '“', '\\', '<', 'é', ' ', '[', '+', '~', ','],
    ...['a.', 'a/', 'a-', 'a:', 'a@', 'a_1', '1.', '1-', '1:', '::', '[::', '0x', "' a", "'a ", " 'a", '"a'],
    ...[
      'a.a/',
      'f:',
      './',
      '../',
      ' /',
      'http://',
      'a.com',
      'a.b:1',
      'ENOTFOUND ',
      '2026-01-',
      'c:\\',
      '<n>,',
      'a:!',
      ' a:@',
      ':@',
      'a:!@a.',
      ' token=',
      'Bearer ',
      'abcdef',
    ],
  ]

  test.each(adversarial)('takes time in proportion to the text, of %o', (part) => {
    const text = part.repeat(Math.ceil(400_000 / part.length))
    expect(normalizedText(text).length).toBeGreaterThanOrEqual(0)
    expect(normalizedMessage(text).length).toBeLessThanOrEqual(300)
    expect(normalizedMessage(`${text}!\n${text}`).length).toBeLessThanOrEqual(300)
  })
})
