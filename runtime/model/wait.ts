/*
 * What a run can wait for, one row per kind. Two mechanisms end a wait. A deadline is stored by the journal entry that
 * began the wait (R5) and passes by itself. An arrival is granted by the store: it lists the run where it waits and
 * wakes it there.
 */

type WaitMechanism = 'deadline' | 'arrival'

interface WaitRow<Mechanism extends WaitMechanism> {
  readonly endsBy: Mechanism
  /** Describes the run in a table; `name` is that of the step, or of the limiter. */
  status(name: string | undefined): string
  /** Describes in a table what so many runs wait for. */
  count(runs: number, name: string | undefined): string
  /** Describes it in a sentence; `due` is a verb with its time, such as `is due in 5 s`. */
  sentence(name: string | undefined, due: string | undefined): string
}

interface WaitRows {
  readonly time: WaitRow<'deadline'>
  readonly retry: WaitRow<'deadline'>
  readonly limit: WaitRow<'arrival'>
}

const rows: WaitRows = {
  time: {
    endsBy: 'deadline',
    status: (name) => `sleeps${name === undefined ? '' : ` in '${name}'`}`,
    count: (runs) => `${runs} ${runs === 1 ? 'sleeps' : 'sleep'}`,
    sentence: (name, due) =>
      `It sleeps${name === undefined ? '' : ` in step '${name}'`}${due === undefined ? '' : `; it ${due}`}.`,
  },
  retry: {
    endsBy: 'deadline',
    status: (name) => `next try${name === undefined ? '' : ` of '${name}'`}`,
    count: (runs) => `${runs} for the next try`,
    sentence: (name, due) => {
      const of = name === undefined ? '' : ` of step '${name}'`
      return due === undefined ? `It pauses before its next try${of}.` : `Its next try${of} ${due}.`
    },
  },
  limit: {
    endsBy: 'arrival',
    status: (name) => `waits for limiter '${name}'`,
    count: (runs, name) => `${runs} for limiter '${name}'`,
    sentence: (name) => `It waits for limiter '${name}'.`,
  },
}

export type WaitKind = keyof WaitRows

type KindsThatEndBy<Mechanism extends WaitMechanism> = {
  [Kind in WaitKind]: WaitRows[Kind]['endsBy'] extends Mechanism ? Kind : never
}[WaitKind]

export type DeadlineKind = KindsThatEndBy<'deadline'>
export type ArrivalKind = KindsThatEndBy<'arrival'>

/** Returns the row of a kind; a run may wait for a kind that only a newer version knows. */
export function waitRow(kind: WaitKind): WaitRow<WaitMechanism> {
  return Object.hasOwn(rows, kind) ? rows[kind] : ofNewerVersion(kind)
}

function ofNewerVersion(kind: string): WaitRow<'deadline'> {
  const what = `for '${kind}', which only a newer version knows`
  const inStep = (name: string | undefined): string => (name === undefined ? '' : ` in step '${name}'`)
  return {
    endsBy: 'deadline',
    status: (name) => `waits${inStep(name)} ${what}`,
    count: (runs) => `${runs} ${what}`,
    sentence: (name, due) => `It waits${inStep(name)} ${what}${due === undefined ? '' : `; it ${due}`}.`,
  }
}

/** Returns whether a wait of this kind ends by a deadline. */
export function isDeadline<W extends { readonly kind: WaitKind }>(
  wait: W,
): wait is W & { readonly kind: DeadlineKind } {
  return waitRow(wait.kind).endsBy === 'deadline'
}

/** Returns whether the store grants what a wait of this kind waits for. */
export function isArrival<W extends { readonly kind: WaitKind }>(
  wait: W,
): wait is W & { readonly kind: ArrivalKind } {
  return waitRow(wait.kind).endsBy === 'arrival'
}
