import { commandLine, inStore } from '../../../runtime/describe/command-line.ts'
import { filterWords } from '../../../runtime/describe/filter-words.ts'
import type { IncidentAbout, ScreenInput } from '../screen.ts'
import type { HomeData } from './rates.ts'
import type { FindingRow } from './rows.ts'

/** What happened shortly before a finding began may be its cause. */
const nearMs = 300_000

/** What a report on a finding says. */
export function findingIncident(
  { fleet, store }: Pick<ScreenInput<HomeData>, 'fleet' | 'store'>,
  { finding }: FindingRow,
): IncidentAbout {
  const { id, sentence, severity, since, sinceAtLeast, beginUnknown, nearby, next, filter } = finding
  const choice = store === undefined ? {} : { store }
  return {
    ...{ title: id, severity, causes: [sentence] },
    ...(beginUnknown ? {} : { since }),
    ...(sinceAtLeast ? { sinceAtLeast } : {}),
    ...(nearby === undefined ? {} : { nearby }),
    events: (fleet.overview?.operations ?? []).filter(({ at }) => at >= since - nearMs),
    runs: [],
    commands: [
      inStore(next, choice),
      ...(filter === undefined ? [] : [commandLine(['runs', ...filterWords(filter)], choice)]),
    ],
  }
}
