import type { Key } from './key.ts'

/** A line of text in an input field. */
export interface TextField {
  readonly text: string
  /** Where the next grapheme goes, in UTF-16 units of `text`. */
  readonly caret: number
}

export const emptyField: TextField = { text: '', caret: 0 }

export function fieldOf(text: string): TextField {
  return { text, caret: text.length }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

type Edit = (field: TextField) => TextField

const edits: Readonly<Record<string, Edit>> = {
  left: ({ text, caret }) => ({ text, caret: before(text, caret) }),
  right: ({ text, caret }) => ({ text, caret: after(text, caret) }),
  home: ({ text }) => ({ text, caret: 0 }),
  'ctrl-a': ({ text }) => ({ text, caret: 0 }),
  end: ({ text }) => fieldOf(text),
  'ctrl-e': ({ text }) => fieldOf(text),
  backspace: ({ text, caret }) => cut(text, before(text, caret), caret),
  delete: ({ text, caret }) => cut(text, caret, after(text, caret)),
  'ctrl-d': ({ text, caret }) => cut(text, caret, after(text, caret)),
  'ctrl-u': ({ text, caret }) => cut(text, 0, caret),
  'ctrl-k': ({ text, caret }) => cut(text, caret, text.length),
  'ctrl-w': ({ text, caret }) => cut(text, wordStart(text, caret), caret),
}

/** Returns the field after a key; undefined if the key is not for a text field. */
export function edited(field: TextField, key: Key): TextField | undefined {
  if (key.text !== undefined) return inserted(field, key.text)
  return edits[key.name]?.(field)
}

/** Line breaks and other control characters of what was pasted become spaces. */
export function pasted(field: TextField, text: string): TextField {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return inserted(field, text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim())
}

function inserted({ text, caret }: TextField, more: string): TextField {
  return { text: text.slice(0, caret) + more + text.slice(caret), caret: caret + more.length }
}

function cut(text: string, from: number, to: number): TextField {
  return { text: text.slice(0, from) + text.slice(to), caret: from }
}

function before(text: string, caret: number): number {
  const starts = [...graphemes.segment(text)].map(({ index }) => index)
  return starts.findLast((start) => start < caret) ?? 0
}

function after(text: string, caret: number): number {
  const starts = [...graphemes.segment(text)].map(({ index }) => index)
  return starts.find((start) => start > caret) ?? text.length
}

function wordStart(text: string, caret: number): number {
  return text.slice(0, caret).search(/\S+\s*$/) === -1 ? 0 : text.slice(0, caret).search(/\S+\s*$/)
}
