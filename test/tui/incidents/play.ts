import type { OperationName } from '../../../runtime/store/events.ts'
import type { Incident } from '../../support/incidents/incident.ts'

/** How an incident is met in jobs-tui. A screen is compared as one line, with single blanks. */
export interface Play {
  readonly incident: Incident
  /** On the first screen, without any key: the row of the finding; of an incident of the server, anywhere. */
  readonly opens: RegExp
  /** Names the cause, on whichever screen. */
  readonly cause: RegExp
  /** To the cause, and to what is asked next about it. */
  readonly looks: readonly Press[]
  /** Once what has to be done outside is done. Left out: keys cure nothing here. */
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
  /** What the log of operations then tells, with the operator's name; left out: the keys only look. */
  readonly operation?: OperationName
}
