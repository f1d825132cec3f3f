import type { UniqueClaim } from '../../../model/unique.ts'
import { EnqueueOutbox, type EnqueuePart, enqueueLimits } from '../../enqueue-outbox.ts'
import type { NewRun } from '../../new-run.ts'
import type { EnqueueReply } from '../../store.ts'
import { storedVersion } from '../../stored-version.ts'
import { untilCode } from '../../unique-until.ts'
import type { Argument } from '../redis-link.ts'
import { encodeGiven, plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { takeOf } from './limiters.ts'

interface Part extends EnqueuePart {
  readonly args: readonly Argument[]
}

/** The enqueues of one connection: its callers share the attempts, and each repeats its own call during an outage. */
export class Enqueues {
  readonly #calls: ScriptCalls
  readonly #outbox: EnqueueOutbox<Part>

  constructor(calls: ScriptCalls) {
    this.#calls = calls
    this.#outbox = new EnqueueOutbox<Part>({
      send: (parts) => this.#send(parts),
      isOutage: (error) => calls.link.isOutage(error as Error),
      maxInFlight: 1,
    })
  }

  async enqueue(runs: readonly NewRun[]): Promise<readonly EnqueueReply[]> {
    const answers: EnqueueReply[] = []
    for (const part of partsOf(runs)) {
      answers.push(...(await this.#calls.persist('enqueue', () => this.#outbox.enqueue(part))))
    }
    return answers
  }

  async #send(parts: readonly Part[]): Promise<EnqueueReply[]> {
    const reply = await this.#calls.attempt(
      'enqueue',
      parts.flatMap(({ args }) => args),
    )
    const texts = Array.isArray(reply) ? reply.map(String) : [...String(reply)]
    return parts.flatMap((part) => part.runs).map((run, i) => answerOf(texts[i] ?? '', run))
  }
}

/** A letter, followed by the run that the unique key belonged to. */
function answerOf(text: string, { id }: NewRun): EnqueueReply {
  const [letter, other] = [text[0], text.slice(1)]
  if (letter === 'c') return { outcome: 'created', id }
  if (letter === 'j') return { outcome: 'joined', id: other || id }
  if (letter === 'p') return { outcome: 'replaced', id, replaced: other }
  if (letter === 'd') return { outcome: 'rejected', id, reason: 'duplicate', holder: other }
  return { outcome: 'rejected', id, reason: 'id conflict' }
}

function* partsOf(all: readonly NewRun[]): Generator<Part> {
  let [runs, args, bytes]: [NewRun[], Argument[], number] = [[], [], 0]
  for (const run of all) {
    const given = encodeGiven(run)
    const full = runs.length === enqueueLimits.runs || bytes + given.length > enqueueLimits.bytes
    if (full && runs.length > 0) {
      yield { runs, args, bytes }
      ;[runs, args, bytes] = [[], [], 0]
    }
    bytes += given.length
    runs.push(run)
    args.push(headOf(run), given)
  }
  if (runs.length > 0) yield { runs, args, bytes }
}

export function headOf(run: NewRun): Buffer {
  const { id, job, queue, priority, inputDigest, start, tags } = run
  const startMs = start.kind === 'now' ? 0 : start.kind === 'in' ? start.ms : start.at
  const times = [start.kind, startMs, run.expiresInMs ?? false, run.timeoutMs ?? 0]
  const head: unknown[] = [
    id,
    job,
    storedVersion(run),
    queue,
    priority,
    inputDigest,
    ...times,
    tags.length > 0 ? tags : false,
  ]
  const limits = run.limits !== undefined && run.limits.length > 0 ? run.limits.map(takeOf) : false
  head.push(...(run.unique === undefined ? noKey : keyOf(run.unique)), limits, run.scheduledFor ?? false)
  head.push(run.canonicalDigest ?? false, run.unique?.canonicalKey ?? false, run.schedule ?? false)
  const end = head.findLastIndex((part) => part !== false) + 1
  return plain.pack(head.slice(0, end))
}

const noKey = [false, false, false]

function keyOf({ key, until, onDuplicate }: UniqueClaim): (string | number)[] {
  return [key, typeof until === 'string' ? untilCode(until, 0) : -until.ms, onDuplicate]
}
