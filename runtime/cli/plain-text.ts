import { stripVTControlCharacters } from 'node:util'

/** They turn the order of what is shown around, so that it reads as something else. */
const bidiControls = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** `text` without anything that could steer a terminal: what a job stored is anybody's text. */
export function plainText(text: string): string {
  const spaced = stripVTControlCharacters(text).replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g,
    ' ',
  )
  return spaced.replace(bidiControls, '')
}

/** All of `text` in one line: what operators wrote can't pass for a line of the output. */
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

/** Columns that `text` takes on a screen; simple, so joined emoji count as their parts. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) width += zeroWidth.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

/** `text`, or as much of it as `width` holds. */
export function clip(text: string, width: number): string {
  return textWidth(text) <= width ? text : `${fitting(text, width - 1)}…`
}

/** Returns `text`, or as many of its words as `width` holds; a first word that is too long is cut. */
export function clipWords(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  const kept = fitting(text, width - 1)
  const lastSpace = text[kept.length] === ' ' ? kept.length : kept.lastIndexOf(' ')
  return `${lastSpace > 0 ? kept.slice(0, lastSpace).trimEnd() : kept}…`
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

/** `text` in lines of at most `width`, broken between words; left whole without a width. */
export function wrap(text: string, width: number | undefined): string[] {
  if (width === undefined) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
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
