import { stripVTControlCharacters } from 'node:util'

/*
 * The first line of an error's message, without the parts that differ from case to case: two failures of one cause have
 * the same text.
 * The rules are part of version `f1` of marks (failure-mark.ts). They may change within it only until the first
 * release: until then a store may have groups made by other rules.
 * N1  URLs, UUIDs and hex, paths, hosts with their credentials and numbers are replaced, in this order. Quoted
 * identifiers stay if they have only letters, at most 32; other quoted text is a value, unless it is one of these.
 * N2  Each pattern takes time in proportion to any text: the preceding characters decide where a pattern may begin, and
 * no part of it can match in two ways; a password, which may have any characters, has at most 64.
 */

/** Characters of the result. */
const maxLength = 300
/** Characters that are read: placeholders are mostly shorter than the text they replace. */
const maxRead = 2_000

/** The first line of a message, normalized; at most 300 characters. */
export function normalizedMessage(message: string): string {
  const line = firstLine(message)
  // The last word may be cut; where depends on the words before it.
  const whole = line.length <= maxRead ? line : line.slice(0, maxRead).replace(/(?<=\s)\S+$/, '')
  const text = normalizedText(stripVTControlCharacters(whole).replace(/\p{Cc}/gu, ' '))
  return (text.length <= maxLength ? text : text.slice(0, maxLength)).toWellFormed()
}

function firstLine(message: string): string {
  const begin = message.search(/\S/)
  if (begin === -1) return ''
  const end = message.slice(begin).search(/[\r\n]/)
  return end === -1 ? message.slice(begin) : message.slice(begin, begin + end)
}

/** Text of any length, normalized (N1, N2). */
export function normalizedText(text: string): string {
  const parts = quotedParts(text).map(({ quote, content }) =>
    quote === undefined ? withoutValues(content) : `${quote.open}${quotedText(content)}${quote.close}`,
  )
  return parts.join('').replace(/\s+/g, ' ').trim()
}

const identifier = /^[\p{L}_$][\p{L}_$.-]{0,31}$/u
const placeholders = /<(?:url|uuid|path|host|n)>/g

/** Between quotes it may have spaces. */
const wholePath = /^(?:\.{0,2}\/|~\/|[a-z]:\\|\\\\)./i

function quotedText(content: string): string {
  if (wholePath.test(content)) return '<path>'
  const rest = withoutValues(content)
  if (rest === content && identifier.test(content)) return content
  // Punctuation shows what a parser found; quoted words are user data.
  return /[\p{L}\p{N}]/u.test(rest.replace(placeholders, '')) || rest.length > 32 ? '<text>' : rest
}

interface Part {
  readonly content: string
  /** Left out between quotes. */
  readonly quote?: Quote
}

interface Quote {
  readonly open: string
  readonly close: string
}

const closing: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`', '“': '”', '‘': '’' }
const inWord = /[\p{L}\p{N}_]/u

/** Text in pairs of quotes and between them. A quote between two letters is an apostrophe. */
function quotedParts(text: string): Part[] {
  const parts: Part[] = []
  // A quote without a closing one is not searched for again (N2).
  const unclosed = new Set<string>()
  let begin = 0
  for (let at = 0; at < text.length; at++) {
    const open = text.charAt(at)
    const close = closing[open]
    if (close === undefined || unclosed.has(close) || isApostrophe(text, at, 'opens')) continue
    const end = closingAt(text, at + 1, close)
    if (end === -1) {
      unclosed.add(close)
      continue
    }
    parts.push(
      { content: text.slice(begin, at) },
      { content: text.slice(at + 1, end), quote: { open, close } },
    )
    at = end
    begin = end + 1
  }
  return [...parts, { content: text.slice(begin) }]
}

function closingAt(text: string, from: number, close: string): number {
  let at = text.indexOf(close, from)
  while (at !== -1 && isApostrophe(text, at, 'closes')) at = text.indexOf(close, at + 1)
  return at
}

function isApostrophe(text: string, at: number, role: 'opens' | 'closes'): boolean {
  const quote = text.charAt(at)
  if (quote !== "'" && quote !== '’') return false
  return inWord.test(text.charAt(role === 'opens' ? at - 1 : at + 1))
}

/** Begins of words, so that a pattern is tried once per word (N2). */
const atWord = String.raw`(?<![\p{L}\p{N}_.@/:+%-])`
const atName = String.raw`(?<![\p{L}\p{N}_.@/+%-])`
const port = String.raw`(?::\d{1,5})?(?![\p{L}\p{N}_])`
const label = '[a-z0-9-]{1,63}'
/** Endings that only hosts have, and those that fields of objects have too (`log.info`): these count in longer names. */
const hostEndings = 'com|net|org|edu|gov|io|dev|internal'
const longHostEndings = `${hostEndings}|local|localdomain|lan|svc|cloud|app|ai|co|de|eu|fr|nl|uk|us|ch|jp|in`

interface Value {
  /** Text without it has none: most messages have few of these signs. */
  readonly sign: string
  readonly pattern: RegExp
  readonly placeholder: string
}

function value(sign: string, placeholder: string, pattern: RegExp | string): Value {
  return { sign, placeholder, pattern: typeof pattern === 'string' ? new RegExp(pattern, 'giu') : pattern }
}

/** The value of a setting with one of these names. */
function setting(names: string): string {
  return String.raw`(?<=(?<![\p{L}\p{N}])${names}=)[^\s&;,"'\x60<>()]+`
}

/** In the order in which they are replaced. */
const values: readonly Value[] = [
  value('://', '<url>', /(?<![\p{L}\p{N}+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'`<>]+/giu),
  value('-', '<uuid>', /(?<![\p{L}\p{N}])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\p{L}\p{N}])/giu),
  value('0x', '<n>', /(?<![\p{L}\p{N}_])0x[0-9a-f]+(?![\p{L}\p{N}_])/giu),
  // Absolute, of this folder, of the home folder; of a Windows drive or share; with folders and a file; a line of a file.
  value('/', '<path>', /(?<=^|[\s"'`(=:,[{|])(?:\.{0,2}|~)\/[^\s"'`<>|,;:()[\]{}]+/gu),
  value('\\', '<path>', /(?<![\p{L}\p{N}\\])(?:[a-z]:|\\)\\[^\s"'`<>|,;:()[\]{}]+/giu),
  value(
    '/',
    '<path>',
    String.raw`${atWord}(?:[\p{L}\p{N}_.@-]+\/)+[\p{L}\p{N}_.@-]*\.[a-z0-9]{1,5}(?![\p{L}\p{N}_/.-])`,
  ),
  value(':', '<path>', String.raw`${atWord}[\p{L}\p{N}_-]+\.(?:[cm]?[jt]sx?|json|py|sql)(?=:\d)`),
  // With credentials, one label suffices for a host; a password may have any characters.
  value(
    '@',
    '<host>',
    String.raw`${atWord}[\p{L}\p{N}_.+%-]*:[^\s"'\x60<>]{1,64}@${label}(?:\.${label})*${port}`,
  ),
  value('@', '<host>', String.raw`${atWord}[\p{L}\p{N}_.+%-]+@${label}(?:\.${label})+`),
  // Of a connection string: `host=db user=bob password=hunter`.
  value(
    '=',
    '<text>',
    setting('(?:user(?:name)?|uid|pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access)[_-]?key)'),
  ),
  value('=', '<host>', setting('(?:host(?:name)?|server)')),
  value('earer ', '<text>', String.raw`(?<=(?<![\p{L}\p{N}_])Bearer )[\p{L}\p{N}_.~+/=-]+`),
  value('E', '<host>', String.raw`(?<=\b(?:ENOTFOUND|EAI_AGAIN) )[\p{L}\p{N}_.-]+${port}`),
  value('.', '<host>', String.raw`${atWord}\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)${port}`),
  value(
    ':',
    '<host>',
    String.raw`${atWord}\[?(?=:{0,2}[0-9a-f])(?=[0-9a-f:]{0,37}::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{2,45}\]?${port}`,
  ),
  value('localhost', '<host>', `${atWord}localhost(?![.-])${port}`),
  value('.', '<host>', String.raw`${atName}(?:${label}\.)+(?:${hostEndings})(?!\.?[\p{L}\p{N}_-])${port}`),
  value(
    '.',
    '<host>',
    String.raw`${atName}(?:${label}\.){2,}(?:${longHostEndings})(?!\.?[\p{L}\p{N}_-])${port}`,
  ),
  value(':', '<host>', String.raw`${atWord}(?:${label}\.)+[a-z]${label}:\d{2,5}(?![\p{L}\p{N}_:])`),
  value(':', '<host>', String.raw`${atWord}[a-z]${label}:\d{4,5}(?![\p{L}\p{N}_:.])`),
  value(
    '-',
    '<n>',
    /(?<![\p{L}\p{N}_])\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\p{L}\p{N}_])/gu,
  ),
]

const words = /[\p{L}\p{N}_]+/gu

function withoutValues(text: string): string {
  if (text === '') return ''
  const replaced = values.reduce(
    (rest, { sign, pattern, placeholder }) =>
      rest.includes(sign) ? rest.replace(pattern, placeholder) : rest,
    text,
  )
  if (!/\p{N}|<n>|[a-f]{8}/iu.test(replaced)) return replaced
  return replaced
    .replace(words, (word) => word.split('_').map(withoutNumbers).join('_'))
    .replace(/<n>(?:[.,:]<n>)+/g, '<n>')
    .replace(/(?<![\p{L}\p{N}_>])[-+](?=<n>)/gu, '')
}

/** No word of 8 letters consists only of these. */
const lettersOfHex = /^(?:[a-f]{8,}|[A-F]{8,})$/

/** A part of a word: `order17` is `order<n>`, `300ms` is `<n>ms`; other letters among digits are an id. */
function withoutNumbers(part: string): string {
  if (lettersOfHex.test(part)) return '<n>'
  if (!/\p{N}/u.test(part)) return part
  const unit = /^\p{N}+([a-zµ]{1,3})$/iu.exec(part)?.[1]
  if (unit !== undefined && !/^[a-f]{2,}$/i.test(unit)) return `<n>${unit}`
  const isHex = /^[0-9a-f]{6,}$/i.test(part)
  const name = isHex ? undefined : /^(\p{Lu}?\p{Ll}{1,15}|\p{Lu}{1,15})\p{N}+$/u.exec(part)?.[1]
  return `${name ?? ''}<n>`
}
