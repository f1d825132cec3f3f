/** A part of a filter's text between spaces. Offsets count UTF-16 units, as a text field's cursor does. */
export interface FilterToken {
  readonly start: number
  readonly end: number
  readonly negated: boolean
  /** Lower case; undefined: a word to search for. */
  readonly key?: string
  readonly operator?: FilterOperator
  /** Without its quotes. */
  readonly value: string
  /** Where the value begins in the text. */
  readonly valueStart: number
}

export type FilterOperator = ':' | '>' | '<'

/**
 * Returns the parts of a filter's text. Quotes hold spaces together and make a word of what looks like a key:
 * `"a:b c"`; inside them `\"` is a quote and `\\` a backslash. A quote that is still open ends with the text.
 */
export function filterTokens(text: string): FilterToken[] {
  const tokens: FilterToken[] = []
  for (let at = skipSpaces(text, 0); at < text.length; ) {
    const token = readToken(text, at)
    tokens.push(token)
    at = skipSpaces(text, token.end)
  }
  return tokens
}

function skipSpaces(text: string, from: number): number {
  let at = from
  while (at < text.length && isSpace(text, at)) at++
  return at
}

function isSpace(text: string, at: number): boolean {
  return /\s/.test(text[at] ?? '')
}

function readToken(text: string, start: number): FilterToken {
  const negated = text[start] === '!'
  const from = negated ? start + 1 : start
  const match = /^([a-z]+)([:<>])/i.exec(text.slice(from, from + 40))
  const valueStart = from + (match?.[0].length ?? 0)
  const { value, end } = readValue(text, valueStart)
  const base = { start, end, negated, value, valueStart }
  if (match === null) return base
  const [, key = '', operator] = match
  return { ...base, key: key.toLowerCase(), operator: operator as FilterOperator }
}

function readValue(text: string, from: number): { readonly value: string; readonly end: number } {
  let value = ''
  let quoted = false
  let at = from
  for (; at < text.length && (quoted || !isSpace(text, at)); at++) {
    const character = text[at] ?? ''
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') value += text[++at] ?? ''
    else value += character
  }
  return { value, end: at }
}

/** Returns a value as it is written in a filter, in quotes where it would be read as something else. */
export function quotedValue(value: string): string {
  return value === '' || /[\s"]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value
}

/** Returns a word to search for as it is written in a filter. */
export function quotedWord(word: string): string {
  const isRead = !word.startsWith('!') && !/^[a-z]+[:<>]/i.test(word)
  return isRead ? quotedValue(word) : `"${word.replace(/["\\]/g, '\\$&')}"`
}
