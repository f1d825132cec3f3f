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
  /** Describes it in a sentence; `due` is a verb with its time, such as `is due in 5 s`. */
  sentence(name: string | undefined, due: string | undefined): string
}

interface WaitRows {
  readonly time: WaitRow<'deadline'>
  readonly retry: WaitRow<'deadline'>
  readonly limit: WaitRow<'arrival'>
}

export const waitKinds: WaitRows = {
  time: {
    endsBy: 'deadline',
    status: (name) => `sleeps${name === undefined ? '' : ` in '${name}'`}`,
    sentence: (name, due) =>
      `It sleeps${name === undefined ? '' : ` in step '${name}'`}${due === undefined ? '' : `; it ${due}`}.`,
  },
  retry: {
    endsBy: 'deadline',
    status: (name) => `next try${name === undefined ? '' : ` of '${name}'`}`,
    sentence: (name, due) => {
      const of = name === undefined ? '' : ` of step '${name}'`
      return due === undefined ? `It pauses before its next try${of}.` : `Its next try${of} ${due}.`
    },
  },
  limit: {
    endsBy: 'arrival',
    status: (name) => `waits for limiter '${name}'`,
    sentence: (name) => `It waits for limiter '${name}'.`,
  },
}

export type WaitKind = keyof WaitRows

type KindsThatEndBy<Mechanism extends WaitMechanism> = {
  [Kind in WaitKind]: WaitRows[Kind]['endsBy'] extends Mechanism ? Kind : never
}[WaitKind]

export type DeadlineKind = KindsThatEndBy<'deadline'>
export type ArrivalKind = KindsThatEndBy<'arrival'>

/** Returns whether a wait of this kind ends by a deadline. */
export function isDeadline<W extends { readonly kind: WaitKind }>(
  wait: W,
): wait is W & { readonly kind: DeadlineKind } {
  return waitKinds[wait.kind].endsBy === 'deadline'
}

/** Returns whether the store grants what a wait of this kind waits for. */
export function isArrival<W extends { readonly kind: WaitKind }>(
  wait: W,
): wait is W & { readonly kind: ArrivalKind } {
  return waitKinds[wait.kind].endsBy === 'arrival'
}
