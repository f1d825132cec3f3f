/** Job, version and queue of which at least one run is ready now. */
export interface ReadyClass {
  readonly queue: string
  readonly job: string
  readonly version: number
}

/** How many classes one read returns at most. */
export const maxReadyClasses = 1_000
