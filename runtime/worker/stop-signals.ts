import { startedByPackageManager } from './package-manager.ts'

const stopSignals = ['SIGTERM', 'SIGINT'] as const
const parentPollMs = 50
/** As of the load of this module, as early as a program can. */
const firstParent = process.ppid

export interface StopSignals {
  /** Whether one has arrived. */
  readonly received: boolean
  release(): void
}

/**
 * Calls `listener` for each stop signal; `repeated` from the second one on.
 * npm, npx and similar tools run a command in a shell and send that shell a SIGTERM, which ends it and never reaches
 * the command. So in a process that was started by one of them, the end of its parent counts as the first signal.
 */
export function onStopSignals(listener: (signal: string, repeated: boolean) => void): StopSignals {
  let count = 0
  const heard = (signal: string): void => {
    count++
    listener(signal, count > 1)
  }
  for (const signal of stopSignals) process.on(signal, heard)
  const stopWatching = startedByPackageManager()
    ? onParentEnd(() => {
        // A terminal sends its Ctrl-C to all of them.
        if (count === 0) heard('parent ended')
      })
    : () => undefined
  return {
    get received() {
      return count > 0
    },
    release: () => {
      stopWatching()
      for (const signal of stopSignals) process.off(signal, heard)
    },
  }
}

/** A process gets no event for the end of its parent, but its parent's PID changes. */
function onParentEnd(ended: () => void): () => void {
  const timer = setInterval(() => {
    if (process.ppid === firstParent) return
    clearInterval(timer)
    ended()
  }, parentPollMs)
  timer.unref()
  return () => clearInterval(timer)
}
