import { commandLine, type StoreChoice } from '../../runtime/describe/command-line.ts'
import { filterWords } from '../../runtime/describe/filter-words.ts'
import { isWhole, type ParsedFilter } from './parse-filter.ts'

/**
 * Returns the command that lists the same runs: `durable-jobs runs --state failed`; undefined where the command line can't
 * say it, as the filter hides runs or has a part that can't be read.
 */
export function filterCommand(parsed: ParsedFilter, store: StoreChoice): string | undefined {
  if (!isWhole(parsed)) return undefined
  const isEmpty = Object.keys(parsed.filter).length === 0
  const order = parsed.order === undefined ? [] : ['--order', parsed.order]
  return commandLine(['runs', ...(isEmpty ? [] : filterWords(parsed.filter)), ...order], store)
}
