/**
 * Where a request came in. `sdk`: the ECS API, called by a client of its own; `agent-sdk`: the ECS API, called by the
 * agent on behalf of a task; `agent`: the agent's endpoint; `metadata` and `credentials`: the others inside a task.
 */
export type Door = 'sdk' | 'agent-sdk' | 'agent' | 'metadata' | 'credentials'

type CallOutcome = 'open' | 'ok' | 'hang' | 'lost' | `failure ${string}` | `error ${string}`

/** One HTTP request, or one attempt of the agent at the ECS API. */
export interface Attempt {
  readonly at: number
  readonly door: Door
  /** An operation of ECS, `PUT` or `GET` of the agent, a path of the metadata. */
  readonly operation: string
  /** The ARNs of the tasks that it is about. */
  readonly tasks: readonly string[]
  /** Groups the attempts of one call. */
  readonly invocation: string
  /** 1 for the first. */
  readonly attempt: number
  outcome: CallOutcome
}

export interface CallFilter {
  readonly door?: Door | readonly Door[]
  readonly operation?: string
  readonly task?: string
}

/** Both ways to the ECS API, for its counts. */
export const ecsDoors: readonly Door[] = ['sdk', 'agent-sdk']

/** Records every request, so that a test can report the cost of a busy phase. */
export class CallLog {
  #attempts: Attempt[] = []

  add(attempt: Attempt): Attempt {
    this.#attempts.push(attempt)
    return attempt
  }

  /** Returns the number of calls; the attempts of one call count once. */
  calls(filter: CallFilter = {}): number {
    return new Set(this.attempts(filter).map((each) => each.invocation)).size
  }

  attempts({ door, operation, task }: CallFilter = {}): readonly Attempt[] {
    const doors = typeof door === 'string' ? [door] : door
    return this.#attempts.filter(
      (each) =>
        (doors === undefined || doors.includes(each.door)) &&
        (operation === undefined || each.operation === operation) &&
        (task === undefined || each.tasks.includes(task)),
    )
  }

  /** Resets the counts: a phase begins. */
  reset(): void {
    this.#attempts = []
  }
}
