import type { Place } from '../../app/place.ts'
import type { RunData } from './run-data.ts'

/** The tabs of the lower pane of a run. */
export const runTabs = ['why', 'error', 'input', 'output', 'history', 'about'] as const
export type RunTab = (typeof runTabs)[number]

/** The key of each, as the keymap has it. */
export const tabKeys: Readonly<Record<RunTab, string>> = {
  why: 'W',
  error: 'e',
  input: 'i',
  output: 'u',
  history: 'H',
  about: 'A',
}

/** The chosen one, or else the most informative one for the run's state. */
export function shownTab({ own }: Pick<Place, 'own'>, data: RunData | undefined): RunTab {
  const chosen = runTabs.find((tab) => tab === own.tab)
  if (chosen !== undefined) return chosen
  if (data?.kind !== 'known') return 'why'
  if (data.run.state === 'failed') return 'error'
  return data.run.state === 'completed' ? 'output' : 'why'
}

/** The tab `by` further. */
export function turnedTab(tab: RunTab, by: 1 | -1): RunTab {
  return runTabs.at((runTabs.indexOf(tab) + by) % runTabs.length) ?? tab
}
