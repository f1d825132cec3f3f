import { followToEnd } from '../../client/actions/follow-to-end.ts'
import type { Jobs } from '../../client/client.ts'
import { endedRunSeparator, endedRunText } from '../../describe/situation.ts'
import { systemClock } from '../../model/clock.ts'
import type { Run } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { print, remark, screenWidth } from '../output.ts'
import { clip, oneLine, textWidth } from '../plain-text.ts'
import { paintState } from '../run-text.ts'
import { throughOutages } from '../through-outages.ts'

/**
 * Waits until these runs have ended, through outages of the store too, and prints each as it ends. Resolves like
 * `followToEnd`.
 */
export async function printEnds(
  { inspector }: Jobs,
  ids: readonly RunId[],
  { signal, quiet }: { readonly signal: AbortSignal; readonly quiet: boolean },
): Promise<number | undefined> {
  const onEnd = (id: RunId, run: Run | undefined): void => {
    if (!quiet) print(endText(id, run))
  }
  const patience = { signal, clock: systemClock, tell: remark }
  const patient: Parameters<typeof followToEnd>[0] = {
    onChange: (listener) => inspector.onChange(listener),
    run: (id) => throughOutages(() => inspector.run(id), patience),
  }
  try {
    return await followToEnd(patient, ids, { signal, onEnd })
  } catch (error) {
    if (!signal.aborted) throw error
    return undefined
  }
}

function endText(id: RunId, run: Run | undefined): string {
  if (run === undefined) return `  ${id} ${endedRunText(run, Date.now())}`
  const separator = endedRunSeparator(run.state)
  const before = `  ${id} ${run.state}${separator}`
  const told = oneLine(endedRunText(run, Date.now()))
  const width = screenWidth()
  const rest = width === undefined ? told : clip(told, Math.max(0, width - textWidth(before)))
  return `  ${id} ${paintState(run.state, run.state)}${separator}${rest}`
}
