import type { FailureGroup, FailureOrder } from '../../../runtime/store/failures.ts'
import { maxFailureGroups } from '../../../runtime/store/failures.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import type { ReadRequest } from '../screen.ts'
import { parseFailureFilter } from './failure-filter.ts'

export interface FailuresData {
  readonly groups: readonly FailureGroup[]
  /** There may be more than were read. */
  readonly isCut: boolean
  readonly order: FailureOrder
  readonly unknown: readonly string[]
}

const orders: Readonly<Record<string, FailureOrder>> = { last: 'latest', tries: 'most', first: 'newest' }

/** The store has no pages of groups: what is wanted of them is read anew, all of it where words are searched for. */
export async function loadFailures(
  inspector: Pick<Inspector, 'failures'>,
  { filter: text, sort, wanted }: Pick<ReadRequest, 'filter' | 'sort' | 'wanted'>,
): Promise<FailuresData> {
  const { job, words, onlyNow, unknown } = parseFailureFilter(text)
  const order = orders[sort?.column ?? 'last'] ?? 'latest'
  const isSearch = words.length > 0 || onlyNow || sort?.descending === false
  const limit = isSearch ? maxFailureGroups : Math.min(maxFailureGroups, wanted)
  const groups = await inspector.failures({ order, limit, ...(job === undefined ? {} : { job }) })
  return { groups, isCut: groups.length === limit && limit < maxFailureGroups, order, unknown }
}
