/** Who asked for a change by hand and why; kept in the run's history. */
export interface OperatorWrite {
  readonly by: string
  readonly reason?: string
  /** A repeat of the same id changes nothing and answers the same. */
  readonly requestId: string
}
