import type { Thing } from '../../app/thing.ts'
import { isWhole, parseFilter } from '../../text/parse-filter.ts'
import type { ScreenInput } from '../screen.ts'
import { queryOf, type RunsData } from './runs-data.ts'

/** All runs of the list, for actions; not available if it hides runs that the store would find. */
export function allRuns({
  place,
  now,
}: ScreenInput<RunsData>): { readonly thing: Thing } | { readonly problem: string } {
  const parsed = parseFilter(place.filter, now)
  const [first] = parsed.unknown
  if (first !== undefined) return { problem: first.message }
  if (!isWhole(parsed)) {
    return {
      problem:
        'parts with ! only hide runs from the list, the action would include them: remove these parts first',
    }
  }
  const { order: _, ...filter } = queryOf({
    filter: place.filter,
    now,
    ...(place.sort === undefined ? {} : { sort: place.sort }),
  }).query
  return { thing: { kind: 'filter', id: place.filter, filter } }
}
