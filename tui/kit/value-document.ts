import { inspect } from 'node:util'
import { jsonSafe } from '../../runtime/cli/json-safe.ts'
import { plainText } from '../../runtime/cli/plain-text.ts'
import { readValue } from '../../runtime/cli/run-json.ts'
import { escapedText } from '../text/quoted-text.ts'
import { type ValueOptions, valueLines } from '../text/value-lines.ts'
import { brokenLines, type DocumentLine, documentLine } from './document.ts'
import { span } from './span.ts'

/** Decoded once, however often it is drawn. */
const decoded = new WeakMap<Uint8Array, ReturnType<typeof readValue>>()

function decode(bytes: Uint8Array, name: string): ReturnType<typeof readValue> {
  const known = decoded.get(bytes)
  if (known !== undefined) return known
  const read = readValue(bytes, name)
  decoded.set(bytes, read)
  return read
}

export interface ValueDocumentOptions extends ValueOptions {
  /** What ids of its lines begin with. */
  readonly id: string
  readonly width: number
  readonly depth?: number
}

/** A stored value as lines that fold. @param name What it is: `input`. */
export function valueDocument(
  bytes: Uint8Array,
  name: string,
  { id, width, depth = 0, ...options }: ValueDocumentOptions,
): readonly DocumentLine[] {
  const read = decode(bytes, name)
  if ('unreadable' in read) {
    const line = documentLine({ id, depth, spans: [span(`(${escapedText(read.unreadable)})`, 'warn')] })
    return brokenLines(line, width)
  }
  return valueLines(read.value, options).flatMap((line) =>
    brokenLines(
      documentLine({
        ...{ id: id + line.path, depth: depth + line.depth, spans: [span(line.text)] },
        ...(line.foldable ? { fold: line.folded ? 'folded' : 'open' } : {}),
      }),
      width,
    ),
  )
}

/** A value as text to paste into code or a shell: JSON where it has one. */
export function valueCopy(bytes: Uint8Array, name: string): string {
  const read = decode(bytes, name)
  if ('unreadable' in read) return read.unreadable
  return typeof read.value === 'string'
    ? read.value
    : (JSON.stringify(jsonSafe(read.value), null, 2) ?? 'undefined')
}

/** All of a value, as Node writes it, for a pager. */
export function valuePage(bytes: Uint8Array, name: string): string {
  const read = decode(bytes, name)
  if ('unreadable' in read) return `${plainText(read.unreadable)}\n`
  const whole = { depth: null, maxArrayLength: null, maxStringLength: null, breakLength: 100 }
  return `${plainText(inspect(read.value, whole))}\n`
}
