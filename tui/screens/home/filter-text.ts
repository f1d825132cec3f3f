import type { RunFilter } from '../../../runtime/store/run-filter.ts'

/** A filter as the list of runs takes it. */
export function filterText({
  states,
  job,
  queue,
  tag,
  unique,
  fingerprint,
  worker,
  text,
}: RunFilter): string {
  const parts = Object.entries({ job, queue, tag, unique, fingerprint, worker }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}:${value}`],
  )
  const state = states === undefined ? [] : [`state:${states.join(',')}`]
  return [...state, ...parts, ...(text === undefined ? [] : [text])].join(' ')
}
