import type { Jobs } from '../../client/client.ts'
import { situation } from '../../describe/situation.ts'
import { isEnd, type Run } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import { print, screenWidth } from '../output.ts'
import { clip, oneLine, textWidth } from '../plain-text.ts'
import { paintState } from '../run-text.ts'

/** A hint of a change may be lost. */
const pollMs = 1_000

/**
 * Waits until these runs have ended, or are blocked: no time ends that. Prints each as it ends. Resolves to how many did
 * not complete, or to undefined when the signal aborts before.
 */
export async function followToEnd(
  { inspector }: Jobs,
  ids: readonly RunId[],
  { signal, quiet }: { readonly signal: AbortSignal; readonly quiet: boolean },
): Promise<number | undefined> {
  const left = new Set(ids)
  let bad = 0
  let wake = (): void => undefined
  const stop = inspector.onChange(() => wake())
  const abort = (): void => wake()
  signal.addEventListener('abort', abort)
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve
      })
      for (const id of left) {
        const run = await inspector.run(id)
        if (run !== undefined && !isEnd(run.state) && run.state !== 'blocked') continue
        left.delete(id)
        if (run?.state !== 'completed') bad++
        if (!quiet) print(endText(id, run))
      }
      if (left.size === 0) return bad
      if (signal.aborted) return undefined
      const timer = setTimeout(() => wake(), pollMs)
      await changed
      clearTimeout(timer)
    }
  } finally {
    stop()
    signal.removeEventListener('abort', abort)
  }
}

function endText(id: RunId, run: Run | undefined): string {
  if (run === undefined) return `  ${id} was removed`
  const before = `  ${id} ${run.state} `
  const told = oneLine(situation(run, Date.now()))
  const width = screenWidth()
  const rest = width === undefined ? told : clip(told, Math.max(0, width - textWidth(before)))
  return `  ${id} ${paintState(run.state, run.state)} ${rest}`
}
