import { commandLine } from '../describe/command-line.ts'
import type { FailureGroup } from '../store/failures.ts'

/** Phrases that the sentences of findings share. */

const maxNamed = 3

export function countOf(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/** Returns the first names of a list, and how many more there are. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).join(', ')
  return names.length > maxNamed ? `${shown} and ${names.length - maxNamed} more` : shown
}

/** Describes a failure as all texts do: where, what, and its message. */
export function failedWith({ step, name, text }: FailureGroup): string {
  return `${step === '' ? '' : `step '${step}': `}${name}${text === '' ? '' : `: ${text}`}`
}

/** Returns a command to type, without a store: the caller adds the one that the user has named. */
export function command(...words: readonly string[]): string {
  return commandLine(words, {})
}
