import type { JournalPhase } from '../model/journal.ts'

/** Returns where a run was when its worker was lost, in words, from the last entry of its journal. */
export function lossPlace(last: { readonly path: string; readonly phase: JournalPhase } | undefined): string {
  if (last === undefined) return 'before a step was stored'
  const { path, phase } = last
  return phase === 'intent' ? `inside '${path}', whose end is not stored` : `after '${path}' was stored`
}
