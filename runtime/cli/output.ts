import { styleText } from 'node:util'
import { jsonSafe } from './json-safe.ts'
import { wrapLines } from './plain-text.ts'
import { type Column, formatTable } from './table.ts'

/** Prints the result of a command: stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints sentences, broken between words. `paint` colours each line. */
export function say(text: string, paint = (line: string): string => line): void {
  print(wrapLines(text, screenWidth()).map(paint).join('\n'))
}

export function printJson(value: unknown): void {
  print(JSON.stringify(jsonSafe(value), undefined, 2))
}

export function printTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
  print(formatTable(columns, rows, screenWidth()))
}

/** Prints a remark beside the result: stderr, so that a pipe gets only the result. */
export function remark(text: string): void {
  const width = process.stderr.isTTY ? process.stderr.columns : undefined
  process.stderr.write(`${wrapLines(text, width).join('\n')}\n`)
}

/** Left out if lines may be of any length: a file, a pipe. */
export function screenWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined
}

/** Colours for a screen; plain text without a format, for a pipe or with NO_COLOR. */
export function paint(format: Parameters<typeof styleText>[0] | undefined, text: string): string {
  return format === undefined ? text : styleText(format, text, { stream: process.stdout })
}
