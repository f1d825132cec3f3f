import { failureText } from '../../../runtime/describe/failure-text.ts'
import type { FailureGroup } from '../../../runtime/store/failures.ts'
import { filterTokens } from '../../text/filter-tokens.ts'
import { twiceText } from '../../text/twice-text.ts'

/** The filter of the groups of failures: `job:import step:charge now new timeout !stripe`. */
export interface FailureFilter {
  readonly job?: string
  readonly step?: string
  /** Only groups with runs that are failed now. */
  readonly onlyNow: boolean
  /** Only groups that the newest version of their job brought. */
  readonly onlyNew: boolean
  readonly words: readonly string[]
  /** Groups with these are left out. */
  readonly hidden: readonly string[]
  /** Parts that can't be read. */
  readonly unknown: readonly string[]
}

export const failureFilterHint = 'job:NAME step:NAME now new WORDS !WORDS'

export function parseFailureFilter(text: string): FailureFilter {
  const filter: { -readonly [Field in keyof FailureFilter]: FailureFilter[Field] } = {
    ...{ onlyNow: false, onlyNew: false, words: [], hidden: [], unknown: [] },
  }
  for (const { key, operator, value, negated } of filterTokens(text)) {
    const word = value.toLowerCase()
    const isText = key === undefined || (key === 'err' && operator === ':')
    if (isText && negated) filter.hidden = [...filter.hidden, word]
    else if (key === undefined && word === 'now') filter.onlyNow = true
    else if (key === undefined && word === 'new') filter.onlyNew = true
    else if (isText) filter.words = [...filter.words, word]
    else if (operator === ':' && !negated && (key === 'job' || key === 'step')) {
      const before = filter[key]
      if (before === undefined || before === value) filter[key] = value
      else filter.unknown = [...filter.unknown, twiceText(`${key}:`, before)]
    } else
      filter.unknown = [
        ...filter.unknown,
        `'${key}${operator ?? ''}' is not a part of this filter; write ${failureFilterHint}`,
      ]
  }
  return filter
}

/** @param isNew Whether the newest version of its job brought it. */
export function matchesFailure(group: FailureGroup, filter: FailureFilter, isNew: boolean): boolean {
  const { job, step, onlyNow, onlyNew, words, hidden } = filter
  const text = `${group.fingerprint} ${group.job} ${group.step} ${failureText(group)}`.toLowerCase()
  return (
    (job === undefined || group.job === job) &&
    (step === undefined || group.step === step) &&
    (!onlyNow || group.failedNow > 0) &&
    (!onlyNew || isNew) &&
    words.every((word) => text.includes(word)) &&
    !hidden.some((word) => word !== '' && text.includes(word))
  )
}
