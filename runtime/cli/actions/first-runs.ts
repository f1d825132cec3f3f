import { followToEnd } from '../../client/actions/follow-to-end.ts'
import type { Jobs } from '../../client/client.ts'
import { endedRunText } from '../../describe/situation.ts'
import type { Run } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { print, screenWidth } from '../output.ts'
import { clip, oneLine, textWidth } from '../plain-text.ts'
import { paintState } from '../run-text.ts'

/** Waits for the ends of these runs and prints each as it ends. Resolves as `followToEnd` does. */
export function printEnds(
  { inspector }: Jobs,
  ids: readonly RunId[],
  { signal, quiet }: { readonly signal: AbortSignal; readonly quiet: boolean },
): Promise<number | undefined> {
  const onEnd = (id: RunId, run: Run | undefined): void => {
    if (!quiet) print(endText(id, run))
  }
  return followToEnd(inspector, ids, { signal, onEnd })
}

function endText(id: RunId, run: Run | undefined): string {
  if (run === undefined) return `  ${id} ${endedRunText(run, Date.now())}`
  const before = `  ${id} ${run.state} `
  const told = oneLine(endedRunText(run, Date.now()))
  const width = screenWidth()
  const rest = width === undefined ? told : clip(told, Math.max(0, width - textWidth(before)))
  return `  ${id} ${paintState(run.state, run.state)} ${rest}`
}
