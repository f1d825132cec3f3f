import { expect, test } from 'vitest'
import { textWidth } from '../../../runtime/cli/plain-text.ts'
import { encodeValue } from '../../../runtime/model/codec.ts'
import {
  brokenLines,
  documentLine,
  documentSpans,
  documentText,
  sentenceLines,
} from '../../../tui/kit/document.ts'
import { errorCopy, errorDocument } from '../../../tui/kit/error-document.ts'
import { lookOf } from '../../../tui/kit/look.ts'
import { span, spansText } from '../../../tui/kit/span.ts'
import { valueCopy, valueDocument, valuePage } from '../../../tui/kit/value-document.ts'

const look = lookOf({ ascii: false })
const ascii = lookOf({ ascii: true })

test('a long line wraps into further ones, which have their own ids and no fold', () => {
  const line = documentLine({
    id: 'a',
    depth: 1,
    fold: 'open',
    spans: [span('x'.repeat(30), 'bad'), span('界'.repeat(10))],
  })
  const lines = brokenLines(line, 40)
  expect(lines.map(({ id, fold }) => [id, fold])).toEqual([
    ['a', 'open'],
    ['a~1', undefined],
  ])
  expect(lines.map(({ spans }) => spansText(spans)).join('')).toBe(`${'x'.repeat(30)}${'界'.repeat(10)}`)
  for (const { spans } of lines) expect(textWidth(spansText(spans))).toBeLessThanOrEqual(40 - 4 - 2)
})

test('a long line wraps between words; a word that is too long is split', () => {
  const line = documentLine({
    id: 'a',
    spans: [span('Error: ', 'bad'), span(`the server hung up at ${'x'.repeat(30)} end`)],
  })
  expect(brokenLines(line, 24, 'between words').map(({ spans }) => spansText(spans))).toEqual([
    'Error: the server ',
    'hung up at ',
    'xxxxxxxxxxxxxxxxxxxx',
    'xxxxxxxxxx end',
  ])
})

test('sentences wrap between words', () => {
  const lines = sentenceLines('s', 'one two three four five six', { width: 24 })
  expect(lines.map(({ id, spans }) => [id, spansText(spans)])).toEqual([
    ['s', 'one two three four'],
    ['s~1', 'five six'],
  ])
})

test('the cursor and folds are visible without color', () => {
  const rows = [
    documentLine({ id: 'a', spans: [span('a')], fold: 'folded' }),
    documentLine({ id: 'b', depth: 1, spans: [span('b')] }),
  ]
  const window = { rows, first: 0, count: 2, line: 0, active: true }
  expect(documentSpans(window, { look: ascii, width: 20 }).map(spansText)).toEqual(['> + a', '      b'])
  expect(documentText(rows)).toBe('a\n  b\n')
})

const inner = { name: 'TypeError', message: 'first line\nsecond line' }

test('an error reports its inner errors and its cause', () => {
  const error = {
    name: 'AggregateError',
    message: 'both',
    errors: [inner],
    cause: { name: 'Error', message: 'why', status: 503 },
  }
  const lines = errorDocument(error, { id: 'e', width: 80, look }).map(
    ({ depth, spans }) => '  '.repeat(depth) + spansText(spans),
  )
  expect(lines).toEqual([
    'AggregateError: both',
    '  with TypeError: first line',
    '  second line',
    'caused by Error: why [503]',
  ])
})

test('text that a job stored can’t control the terminal', () => {
  const error = { name: 'Error', message: '\u001b[2Jboom\u202e' }
  expect(errorCopy(error, look)).toBe('Error: boom\n')
  const bytes = encodeValue({ text: '\u001b[2J\u202eabc' }, 'input')
  const shown = valueDocument(bytes, 'input', { id: 'v', width: 80 }).map(({ spans }) => spansText(spans))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what may not be there
  const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/
  for (const text of [...shown, valuePage(bytes, 'input')]) expect(text).not.toMatch(controls)
})

test('a value that can’t be decoded shows the reason', () => {
  const bytes = new Uint8Array([0xc1, 0xff])
  expect(spansText(valueDocument(bytes, 'input', { id: 'v', width: 80 })[0]?.spans ?? [])).toMatch(/^\(.+\)$/)
  expect(valueCopy(bytes, 'input')).not.toBe('')
})

test('a copy can be pasted: text as it is, everything else as JSON', () => {
  expect(valueCopy(encodeValue('plain', 'input'), 'input')).toBe('plain')
  expect(JSON.parse(valueCopy(encodeValue({ at: new Date(0), n: 12n }, 'input'), 'input'))).toEqual({
    ...{ at: '1970-01-01T00:00:00.000Z', n: '12' },
  })
  expect(valueCopy(encodeValue(undefined, 'input'), 'input')).toBe('undefined')
})

test('the pager shows all of a value, however deep and long', () => {
  const deep = { a: { b: { c: { d: Array.from({ length: 150 }, (_, i) => i) } } }, text: 'x'.repeat(20_000) }
  const text = valuePage(encodeValue(deep, 'input'), 'input')
  expect(text).toContain('149')
  expect(text).toContain('x'.repeat(20_000))
})
