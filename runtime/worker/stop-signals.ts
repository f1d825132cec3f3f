const stopSignals = ['SIGTERM', 'SIGINT'] as const

export interface StopSignals {
  /** Whether one has arrived. */
  readonly received: boolean
  release(): void
}

/** Calls `listener` for each stop signal; `repeated` from the second one on. */
export function onStopSignals(listener: (signal: string, repeated: boolean) => void): StopSignals {
  let count = 0
  const heard = (signal: string): void => {
    count++
    listener(signal, count > 1)
  }
  for (const signal of stopSignals) process.on(signal, heard)
  return {
    get received() {
      return count > 0
    },
    release: () => {
      for (const signal of stopSignals) process.off(signal, heard)
    },
  }
}
