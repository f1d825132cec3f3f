/*
 * What a step can be, one row a kind. A kind without a body only waits: its entries begin the wait and end it, and the time
 * between them is its duration.
 */

export interface StepKindRow {
  /** Its number in a stored journal. Even: the lowest bit says `once`. */
  readonly code: number
  /** What the two entries of a kind that only waits are called; absent where the kind has a body. */
  readonly wait?: { readonly begun: string; readonly ended: string }
}

interface WaitingRow extends StepKindRow {
  readonly wait: { readonly begun: string; readonly ended: string }
}

interface StepKinds {
  readonly run: StepKindRow
  readonly sleep: WaitingRow
}

export const stepKinds: StepKinds = {
  run: { code: 0 },
  sleep: { code: 2, wait: { begun: 'sleeps', ended: 'slept' } },
}

/** What a step is. A path whose kind changed in the code blocks the run instead of reusing a wrong result. */
export type StepKind = keyof StepKinds

export type WaitingStepKind = {
  [Kind in StepKind]: StepKinds[Kind] extends WaitingRow ? Kind : never
}[StepKind]

const ofNewerVersion: StepKindRow = { code: Number.NaN }

/** Returns the row of a kind; one that only a newer version knows is taken for a kind with a body. */
export function stepKindRow(kind: StepKind): StepKindRow {
  return Object.hasOwn(stepKinds, kind) ? stepKinds[kind] : ofNewerVersion
}

/** Whether a step of this kind calls a function of the author. */
export function hasBody(kind: StepKind): boolean {
  return stepKindRow(kind).wait === undefined
}
