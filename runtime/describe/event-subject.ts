import type { OperationEvent, StoreEvent } from '../store/events.ts'

/** Run, job and queue that an event is about. */
interface EventSubject {
  readonly run?: string
  readonly job?: string
  readonly queue?: string
}

/** The begin of a run's id suffices. */
export type EventFilter = EventSubject

export function matchesEvent(event: StoreEvent, { run, job, queue }: EventFilter): boolean {
  const of: EventSubject = event.kind === 'run' ? event : operationSubject(event)
  return (
    (run === undefined || of.run?.startsWith(run) === true) &&
    (job === undefined || of.job === job) &&
    (queue === undefined || of.queue === queue)
  )
}

function operationSubject({ operation, subject, details = {} }: OperationEvent): EventSubject {
  if (operation.endsWith(' run')) return subjectOf({ run: subject, job: details.job, queue: details.queue })
  if (operation === 'trigger schedule') return subjectOf({ run: details.run })
  return subjectOf({ queue: operation.endsWith(' queue') ? subject : undefined })
}

/** Returns only the known fields, as text. */
function subjectOf(fields: Readonly<Partial<Record<keyof EventSubject, unknown>>>): EventSubject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === 'string'))
}
