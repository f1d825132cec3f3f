/** Job, version and queue of which at least one run is ready now; runs that need scale-in protection are a class of their own. */
export interface ReadyClass {
  readonly queue: string
  readonly job: string
  readonly version: number
  readonly protect?: true
}

/** How many classes one read returns at most. */
export const maxReadyClasses = 1_000
