import { describe, expect, test } from 'vitest'
import { closest } from '../../runtime/cli/closest.ts'
import { JobFileError, toJobFileError } from '../../runtime/cli/job-file-error.ts'
import { jsonSafe } from '../../runtime/cli/json-safe.ts'
import {
  clip,
  clipWords,
  oneLine,
  plainText,
  textWidth,
  wrap,
  wrapAroundCommands,
  wrapBehind,
  wrapLines,
} from '../../runtime/cli/plain-text.ts'
import { runHead } from '../../runtime/cli/run-report.ts'
import { firstUserFrame } from '../../runtime/cli/stack-frames.ts'
import { type Column, formatTable } from '../../runtime/cli/table.ts'
import { commandLine } from '../../runtime/describe/command-line.ts'
import { toStoredError } from '../../runtime/model/stored-error.ts'
import { StepFailedError } from '../../sdk/index.ts'
import { oddThrown } from '../support/odd-thrown.ts'

describe('a table', () => {
  interface Row {
    readonly id: string
    readonly n: number
    readonly note: string
  }
  const columns: readonly Column<Row>[] = [
    { title: 'ID', cell: (row) => row.id },
    { title: 'N', cell: (row) => row.n, align: 'right' },
    { title: 'NOTE', cell: (row) => row.note, shrinks: true },
  ]
  const rows = [
    { id: 'a', n: 1, note: 'a note that is far too long\nand has two lines' },
    { id: '日本', n: 100, note: '' },
  ]

  test('aligns by display width and trims trailing spaces', () => {
    expect(formatTable(columns, rows)).toBe(
      'ID      N  NOTE\na       1  a note that is far too long\n日本  100',
    )
  })

  test('shrinks the last column that can shrink, then those before it, then drops columns', () => {
    const long = 'x'.repeat(20)
    const wide: readonly Column<Row>[] = [
      { title: 'ID', cell: () => 'id' },
      { title: 'A', cell: () => 'second', drops: 2 },
      { title: 'B', cell: () => 'first', drops: 1 },
      { title: 'C', cell: () => long, shrinks: true },
      { title: 'D', cell: () => long, shrinks: true },
    ]
    const words = (width: number) => formatTable(wide, [{ id: 'a', n: 1, note: '' }], width).split('\n')[1]
    const [all, most, least] = [long, `${'x'.repeat(17)}…`, `${'x'.repeat(15)}…`]
    expect(words(61)).toBe(`id  second  first  ${all}  ${all}`)
    expect(words(59)).toBe(`id  second  first  ${all}  ${most}`)
    expect(words(53)).toBe(`id  second  first  ${least}  ${least}`)
    expect(words(52)).toBe(`id  second  ${all}  ${most}`)
    expect(words(20)).toBe(`id  ${least}  ${least}`)
  })

  test('shrinks one column only on a narrow screen', () => {
    expect(formatTable(columns, rows, 30).split('\n')[1]).toBe('a       1  a note that is far…')
    expect(formatTable(columns, rows, 5).split('\n')[1]).toBe('a       1  a note that is…')
  })

  test('drops columns before it cuts the part of the last one that distinguishes rows', () => {
    const own: readonly Column<Row>[] = [
      { title: 'ID', cell: () => 'id' },
      { title: 'A', cell: () => 'dropped', drops: 1 },
      { title: 'NOTE', cell: () => 'x'.repeat(40), shrinks: true, least: 30 },
    ]
    const words = (width: number) => formatTable(own, [{ id: 'a', n: 1, note: '' }], width).split('\n')[1]
    expect(words(43)).toBe(`id  dropped  ${'x'.repeat(29)}…`)
    expect(words(42)).toBe(`id  ${'x'.repeat(37)}…`)
    expect(words(24)).toBe(`id  ${'x'.repeat(19)}…`)
  })

  test('without rows is its header line', () => {
    expect(formatTable(columns, [])).toBe('ID  N  NOTE')
  })
})

test('text wraps between words', () => {
  expect(wrapBehind('name  ', 'one two three four five', 26)).toEqual([
    'name  one two three four',
    '      five',
  ])
  expect(wrapLines('  one two three four five\nsix', 22)).toEqual(['  one two three four', '  five', 'six'])
  expect(wrap('a bc def ghij', 5)).toEqual(['a bc', 'def', 'ghij'])
  expect(wrap('a bc', undefined)).toEqual(['a bc'])
})

test('a command in wrapped text is never split', () => {
  const line = "durable-jobs cancel --reason 'no; (not) so' act_1"
  expect(wrapAroundCommands(`stopped; continue with: ${line}`, 30)).toEqual(['stopped; continue with:', line])
  expect(wrapAroundCommands(`cancel a run (${line}) and check again`, 30)).toEqual([
    'cancel a run',
    `(${line})`,
    'and check again',
  ])
  expect(wrapAroundCommands('see durable-jobs show a; or wait until then', 25)).toEqual([
    ...['see durable-jobs show a;', 'or wait until then'],
  ])
  expect(wrapAroundCommands(line, undefined)).toEqual([line])
})

test('plain text contains no control sequences', () => {
  expect(plainText('a\u001b[31mb\u001b[0m\u0008c\r\nd\u009b')).toBe('ab c \nd ')
  // It may not reverse text or break lines either.
  expect(plainText('a\u202eb\u2066c\u200fd\u2028e')).toBe('abcd e')
  expect(oneLine('\n  first \nsecond')).toBe('first')
  expect(clip('日本語', 4)).toBe('日…')
  expect(clipWords('one two three', 9)).toBe('one two…')
  expect(clipWords('one two three', 8)).toBe('one two…')
  expect(clipWords('one two three', 7)).toBe('one…')
  expect(clipWords('unbroken words', 5)).toBe('unbr…')
  // Words that leave half of the room empty say too little.
  expect(clipWords('a b incomprehensible', 12)).toBe('a b incompr…')
  expect(textWidth('e\u0301日')).toBe(3)
})

test('suggests the nearest name, if one is near', () => {
  expect(closest('import-fil', ['silent', 'import-file'])).toBe('import-file')
  expect(closest('SLOW', ['slow'])).toBe('slow')
  expect(closest('anything', ['slow', 'silent'])).toBeUndefined()
  expect(closest('a', [])).toBeUndefined()
})

test('types that JSON lacks become their nearest form', () => {
  const value = {
    map: new Map([[1n, new Set(['a'])]]),
    date: new Date(0),
    never: new Date(Number.NaN),
    bytes: new Uint8Array([1, 2]),
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, -0, 1],
    error: new TypeError('no'),
    pattern: /a+/g,
    nothing: [null, undefined],
  }
  expect(JSON.parse(JSON.stringify(jsonSafe(value)))).toEqual({
    map: [['1', ['a']]],
    date: '1970-01-01T00:00:00.000Z',
    never: 'Invalid Date',
    bytes: 'AQI=',
    numbers: ['NaN', 'Infinity', 0, 1],
    error: { name: 'TypeError', message: 'no', stack: expect.any(String) },
    pattern: '/a+/g',
    nothing: [null, null],
  })
})

test('a printed command is valid in a shell', () => {
  expect(commandLine(['retry', 'a:1'], {})).toBe('durable-jobs retry a:1')
  expect(commandLine(['show', "it's"], { store: 'sqlite:my jobs.db' })).toBe(
    "durable-jobs show 'it'\\''s' --store 'sqlite:my jobs.db'",
  )
})

test('the location of an error is the first line of a user’s file', () => {
  const own = new URL('../../runtime/execution/execution.ts', import.meta.url).href
  const frames = [
    `    at invoke (${own}:450:10)`,
    '    at node:internal/modules/esm/utils:319:5',
    '    at f (file:///app/node_modules/x/index.js:1:2)',
  ]
  const stack = ['Error: no', ...frames, '    at async file:///app/my%20jobs.ts:7:3'].join('\n')
  expect(firstUserFrame(stack)).toEqual({ path: '/app/my jobs.ts', line: '7' })
  expect(firstUserFrame('Error: no\n    at f (/app/old.cjs:3:1)')).toEqual({
    path: '/app/old.cjs',
    line: '3',
  })
  expect(firstUserFrame(['Error: no', ...frames].join('\n'))).toBeUndefined()
})

test('an error is printed with everything it carries, nested under its owner', () => {
  const error = new StepFailedError(
    'ask',
    1,
    new AggregateError(
      [
        Object.assign(new Error('first\nin two lines', { cause: new TypeError('why') }), { code: 'E1' }),
        new AggregateError([new Error('deeper')], 'second'),
      ],
      'none',
    ),
  )
  const run = {
    ...{ id: 'r1', job: 'ask-all', version: 1, queue: 'default', priority: 0, attempt: 1, losses: 0 },
    ...{ tags: [], headers: {}, position: 1, enqueuedAt: 0, changedAt: 0, endedAt: 0 },
    ...{ state: 'failed' as const, error: toStoredError(error) },
  }
  const lines = runHead(run, [], '').split('\n')
  expect(lines.slice(lines.indexOf('ERROR') + 1, -1)).toEqual([
    "StepFailedError: step 'ask' failed after 1 attempt: none (first in two lines; second) [STEP_FAILED]",
    'caused by AggregateError: none',
    '  with Error: first [E1]',
    '  caused by TypeError: why',
    '  with AggregateError: second',
    '    with Error: deeper',
  ])
})

test.each(Object.entries(oddThrown))(
  'a job file that throws is named, whatever it throws: %s',
  async (_name, make) => {
    const error = await toJobFileError('/jobs/a.ts', make())
    expect(JobFileError.is(error)).toBe(true)
    expect(error.message).toMatch(/^\/jobs\/a\.ts: /)
  },
)
