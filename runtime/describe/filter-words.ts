import type { RunFilter } from '../store/run-filter.ts'
import { exactDuration } from './exact-duration.ts'

/** The option of the command line for each part of a filter. */
const optionsOf = {
  states: (states) => ['--state', states.join(',')],
  job: (job) => ['--job', job],
  queue: (queue) => ['--queue', queue],
  tag: (tag) => ['--tag', tag],
  unique: (key) => ['--unique', key],
  fingerprint: (fingerprint) => ['--fingerprint', fingerprint],
  worker: (worker) => ['--worker', worker],
  limiter: (limiter) => ['--limiter', limiter],
  limitKey: (key) => ['--limit-key', key],
  minAgeMs: (ms) => ['--older-than', exactDuration(ms)],
  since: (at) => ['--since', new Date(at).toISOString()],
  before: (at) => ['--before', new Date(at).toISOString()],
  text: (text) => ['--text', text],
} as const satisfies {
  readonly [Name in keyof RunFilter]-?: (value: NonNullable<RunFilter[Name]>) => readonly [string, string]
}

/** Returns the options that select the same runs on the command line; `--all` for an empty filter. */
export function filterWords(filter: RunFilter): readonly string[] {
  const words = Object.entries(filter).flatMap(([name, value]) =>
    value === undefined ? [] : optionsOf[name as keyof RunFilter](value as never),
  )
  return words.length === 0 ? ['--all'] : words
}

/** Returns the same for people to read: nothing is quoted for a shell. */
export function filterText(filter: RunFilter): string {
  return filterWords(filter).join(' ')
}
