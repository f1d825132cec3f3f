import type { OperationName } from '../../../runtime/store/events.ts'
import type { Incident } from '../../support/incidents/incident.ts'

/** How an incident is met in jobs-tui. A screen is compared as one line, with single blanks. */
export interface Play {
  readonly incident: Incident
  /** On the first screen, without any key: the row of the finding; for an incident of the server, anywhere. */
  readonly opens: RegExp
  /** Names the cause, on any screen. */
  readonly cause: RegExp
  /** Keys to the cause, and to the next detail about it. */
  readonly looks: readonly Press[]
  /** Keys after the work outside. Omitted: no key fixes it. */
  readonly cure?: Cure
  /** On the screen that is left once it is cured. */
  readonly after: RegExp
}

export interface Press {
  /** As docs/operating.md writes it. */
  readonly key: string
  /** On the screen after it. */
  readonly shows: RegExp
}

interface Cure {
  readonly keys: readonly Press[]
  /** The entries of the log of operations, with the operator's name; omitted: the keys only read. */
  readonly operation?: OperationName
}
