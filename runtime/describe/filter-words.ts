import type { RunFilter } from '../store/run-filter.ts'
import { exactDuration } from './exact-duration.ts'

type Write = {
  readonly [Field in keyof RunFilter]-?: (value: NonNullable<RunFilter[Field]>, now: number) => string[]
}

const writers: Write = {
  states: (states) => ['--state', states.join(',')],
  job: (job) => ['--job', job],
  queue: (queue) => ['--queue', queue],
  tag: (tag) => ['--tag', tag],
  unique: (key) => ['--unique', key],
  fingerprint: (fingerprint) => ['--fingerprint', fingerprint],
  worker: (worker) => ['--worker', worker],
  minAgeMs: (ms) => ['--older-than', exactDuration(ms)],
  since: (at) => ['--since', new Date(at).toISOString()],
  // The command line has no such option: in its state since before then means for at least that long.
  before: (at, now) => ['--older-than', exactDuration(Math.max(0, now - at))],
  text: (text) => ['--text', text],
}

/** Returns a filter as options of the command line. Of `minAgeMs` and `before` only the one that leaves fewer runs. */
export function filterWords(filter: RunFilter, now: number): string[] {
  return (Object.keys(writers) as (keyof RunFilter)[])
    .filter((field) => field !== weakerAge(filter, now))
    .flatMap((field) => {
      const value = filter[field]
      return value === undefined
        ? []
        : (writers[field] as (value: unknown, now: number) => string[])(value, now)
    })
}

function weakerAge({ minAgeMs, before }: RunFilter, now: number): keyof RunFilter | undefined {
  if (minAgeMs === undefined || before === undefined) return undefined
  return now - before > minAgeMs ? 'minAgeMs' : 'before'
}
