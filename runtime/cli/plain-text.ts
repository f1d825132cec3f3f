import { stripVTControlCharacters } from 'node:util'

/** They reverse the order of displayed text, so that it reads as something else. */
const bidiControls = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Returns `text` without control characters that could steer a terminal: stored text is untrusted. */
export function plainText(text: string): string {
  const spaced = stripVTControlCharacters(text).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed here
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g,
    ' ',
  )
  return spaced.replace(bidiControls, '')
}

/** Returns all of `text` in one line, so that operators' text can't pass for a line of the output. */
export function inOneLine(text: string): string {
  return plainText(text).replaceAll('\n', ' ')
}

/** The first line of `text`. */
export function oneLine(text: string): string {
  return plainText(text.trimStart()).split('\n', 1)[0]?.trimEnd() ?? ''
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const zeroWidth = /\p{Mark}|[\u200b-\u200d]/u

/** Returns the columns that `text` takes on a screen; simple, so joined emoji count as their parts. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += zeroWidth.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

/** Returns `text`, or as much of it as fits `width`. */
export function clip(text: string, width: number): string {
  return textWidth(text) <= width ? text : `${fitting(text, width - 1)}…`
}

/**
 * Returns `text`, or as many of its words as fit `width`; cuts inside a word if the words would leave half of it empty.
 */
export function clipWords(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  const kept = fitting(text, width - 1)
  const lastSpace = text[kept.length] === ' ' ? kept.length : kept.lastIndexOf(' ')
  const words = `${kept.slice(0, Math.max(0, lastSpace)).trimEnd()}…`
  return textWidth(words) * 2 >= width ? words : `${kept}…`
}

function fitting(text: string, width: number): string {
  let end = 0
  let taken = 0
  for (const character of text) {
    taken += textWidth(character)
    if (taken > width) break
    end += character.length
  }
  return text.slice(0, end)
}

/** Wraps `text` in lines of at most `width`, broken between words; unchanged without a width. */
export function wrap(text: string, width: number | undefined): string[] {
  return width === undefined ? [text] : filled(text.split(' '), width)
}

/** The same, but a command in it stays whole, for copying: its line may be wider. */
export function wrapAroundCommands(text: string, width: number | undefined): string[] {
  return width === undefined ? [text] : filled(wordsAndCommands(text), width)
}

/** A command ends at the end of the text, or at a `;` or `)` outside of quotes. */
function wordsAndCommands(text: string): string[] {
  const parts: string[] = []
  let command: string | undefined
  for (const word of text.split(' ')) {
    if (command === undefined && !/^\(?durable-jobs$/.test(word)) {
      parts.push(word)
      continue
    }
    command = command === undefined ? word : `${command} ${word}`
    const isQuoted = command.split("'").length % 2 === 0
    if (isQuoted || !/[;)][.,:;]?$/.test(word)) continue
    parts.push(command)
    command = undefined
  }
  return command === undefined ? parts : [...parts, command]
}

function filled(words: readonly string[], width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && textWidth(longer) > width) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

const minBehind = 20

/** Returns `text` after `head`, in lines of about `width`; the later ones are indented to its begin. */
export function wrapBehind(head: string, text: string, width: number | undefined): string[] {
  const indent = textWidth(head)
  const room = width === undefined ? undefined : Math.max(minBehind, width - indent)
  return wrapAroundCommands(text, room).map((line, i) => `${i === 0 ? head : ' '.repeat(indent)}${line}`)
}

/** The same for every line of `text`, after its own indent. */
export function wrapLines(text: string, width: number | undefined): string[] {
  return text.split('\n').flatMap((line) => {
    const unindented = line.trimStart()
    return wrapBehind(line.slice(0, line.length - unindented.length), unindented, width)
  })
}
