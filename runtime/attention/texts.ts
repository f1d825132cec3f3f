import { commandLine } from '../describe/command-line.ts'
import type { FailureGroup } from '../store/failures.ts'

/** Words that the sentences of findings share. */

const maxNamed = 3

export function countOf(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/** The first names of a list, and how many more there are. */
export function named(names: readonly string[]): string {
  const shown = names.slice(0, maxNamed).join(', ')
  return names.length > maxNamed ? `${shown} and ${names.length - maxNamed} more` : shown
}

/** As a failure is told everywhere: where, what, and its message. */
export function failedWith({ step, name, text }: FailureGroup): string {
  return `${step === '' ? '' : `step '${step}': `}${name}${text === '' ? '' : `: ${text}`}`
}

/** A command to type, without a store: whoever shows it adds the one that its reader has named. */
export function command(...words: readonly string[]): string {
  return commandLine(words, {})
}
