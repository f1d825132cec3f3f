import { exactDuration } from '../../runtime/describe/exact-duration.ts'
import { type RunState, runStates } from '../../runtime/model/run.ts'
import type { RunFilter } from '../../runtime/store/run-filter.ts'
import { quotedValue, quotedWord } from './filter-tokens.ts'
import type { HiddenRuns, ParsedFilter } from './parse-filter.ts'

/** Returns a filter as its text, which reads back as the same filter. */
export function formatFilter({
  filter,
  order,
  hidden = [],
}: Pick<ParsedFilter, 'filter'> & Partial<Pick<ParsedFilter, 'order' | 'hidden'>>): string {
  const parts = [
    ...(filter.states === undefined ? [] : [statesText(filter.states)]),
    ...namesText(filter),
    ...(filter.minAgeMs === undefined ? [] : [`age>${exactDuration(filter.minAgeMs)}`]),
    ...(filter.since === undefined ? [] : [`since:${new Date(filter.since).toISOString()}`]),
    ...(filter.before === undefined ? [] : [`before:${new Date(filter.before).toISOString()}`]),
    ...hidden.flatMap(hiddenText),
    ...(order === undefined ? [] : [`order:${order}`]),
    ...(filter.text === undefined ? [] : [quotedWord(filter.text)]),
  ]
  return parts.join(' ')
}

const maxExcluded = 3

function statesText(states: readonly RunState[]): string {
  const others = runStates.filter((state) => !states.includes(state))
  return others.length > 0 && others.length <= maxExcluded
    ? `!state:${others.join(',')}`
    : `state:${states.join(',')}`
}

const names = {
  job: 'job',
  queue: 'queue',
  tag: 'tag',
  unique: 'unique',
  fingerprint: 'by',
  worker: 'worker',
  limiter: 'limiter',
  limitKey: 'key',
} as const satisfies Partial<Record<keyof RunFilter, string>>

function namesText(filter: RunFilter): string[] {
  return (Object.keys(names) as (keyof typeof names)[]).flatMap((field) => {
    const value = filter[field]
    return value === undefined ? [] : [`${names[field]}:${quotedValue(value)}`]
  })
}

function hiddenText(hidden: HiddenRuns): string[] {
  const text = hidden.text === undefined ? [] : [quotedWord(hidden.text)]
  return [...namesText(hidden), ...text].map((part) => `!${part}`)
}
