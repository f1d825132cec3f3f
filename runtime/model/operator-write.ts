/** The operator and the reason of a manual action; kept in the run's history. */
export interface OperatorWrite {
  readonly by: string
  readonly reason?: string
  /** A repeat with the same id changes nothing and returns the same. */
  readonly requestId: string
}
