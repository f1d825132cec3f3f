/** Job, version and queue with at least one ready run; runs that need scale-in protection form a separate class. */
export interface ReadyClass {
  readonly queue: string
  readonly job: string
  readonly version: number
  readonly protect?: true
}

/** How many classes one read returns at most. */
export const maxReadyClasses = 1_000
