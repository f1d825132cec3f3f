import { type Clock, pause, systemClock } from '../../model/clock.ts'
import { isEnd, type Run } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import type { Inspector } from '../../store/store.ts'

/** A hint of a change may be lost. */
const pollMs = 1_000

interface Following {
  readonly signal: AbortSignal
  /** Called as each run ends, or is blocked; without a run: it was removed. */
  readonly onEnd: (id: RunId, run: Run | undefined) => void
  readonly clock?: Clock
}

/**
 * Waits until these runs have ended, or are blocked, without a time limit. Resolves to how many did not complete, or to
 * undefined when the signal aborts before.
 */
export async function followToEnd(
  inspector: Pick<Inspector, 'onChange' | 'run'>,
  ids: readonly RunId[],
  { signal, onEnd, clock = systemClock }: Following,
): Promise<number | undefined> {
  const left = new Set(ids)
  let bad = 0
  let changed = new AbortController()
  const stop = inspector.onChange(() => changed.abort())
  try {
    for (;;) {
      changed = new AbortController()
      for (const id of left) {
        const run = await inspector.run(id)
        if (run !== undefined && !isEnd(run.state) && run.state !== 'blocked') continue
        left.delete(id)
        if (run?.state !== 'completed') bad++
        onEnd(id, run)
      }
      if (left.size === 0) return bad
      if (signal.aborted) return undefined
      await pause(clock, pollMs, AbortSignal.any([signal, changed.signal]))
    }
  } finally {
    stop()
  }
}
