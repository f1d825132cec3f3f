import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../model/duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'

/** Parsers of option values. Their errors become usage errors that name the option. */

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^-?\d+$/.test(text) && number >= least && number <= most) return number
    const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`Write a whole number ${range}.`)
  }
}

/** Milliseconds. */
export function duration(text: string): number {
  try {
    return parseDuration(/^\d+$/.test(text) ? Number(text) : text, 'duration')
  } catch (error) {
    if (!InvalidOptionsError.is(error)) throw error
    throw new InvalidArgumentError(
      "Write a duration such as '250ms', '10s', '5m', '2h', '1d', or milliseconds.",
    )
  }
}

export function instant(text: string): Date {
  const date = new Date(text)
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(date.getTime())) return date
  throw new InvalidArgumentError(
    "Write a time such as '2030-01-31T09:00:00Z'; without a zone it is this host's.",
  )
}

/** How long ago, or a time; ms since the epoch. */
export function pastTime(text: string): number {
  const isDuration = /^\d+(\.\d+)?\s*[a-z]*$/i.test(text)
  try {
    return isDuration ? Date.now() - duration(text) : instant(text).getTime()
  } catch {
    throw new InvalidArgumentError(
      "Write how long ago, such as '2h' or '30m', or a time such as '2030-01-31T09:00:00Z'; without a zone it is this host's.",
    )
  }
}

export function commaList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name) => name !== '')) return names
  throw new InvalidArgumentError("Write names with commas between them, such as 'mails,imports'.")
}

/** For an option that may be repeated. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text]
}

/** For a repeatable `key=value`; `form` says how it is written. */
export function pairs(
  form: string,
): (text: string, before?: Readonly<Record<string, string>>) => Record<string, string> {
  return (text, before = {}) => {
    const at = text.indexOf('=')
    if (at < 1) throw new InvalidArgumentError(`Write ${form}.`)
    return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
  }
}
