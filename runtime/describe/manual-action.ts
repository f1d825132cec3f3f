/** The operator of a manual action, and the reason. */
export interface ManualAction {
  readonly by: string
  readonly reason?: string
}

/** Returns operator and reason for a table or the end of a line: `ana: storm`. */
export function byAndWhy({ by, reason }: ManualAction): string {
  return reason === undefined ? by : `${by}: ${reason}`
}

/** Returns operator and reason inside a sentence: `ana (storm)`. */
export function byInSentence({ by, reason }: ManualAction): string {
  return reason === undefined ? by : `${by} (${reason})`
}
