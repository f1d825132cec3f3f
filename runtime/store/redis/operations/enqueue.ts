import type { UniqueClaim } from '../../../model/unique.ts'
import type { NewRun } from '../../new-run.ts'
import type { EnqueueAnswer } from '../../store.ts'
import { storedVersion } from '../../stored-version.ts'
import { untilCode } from '../../unique-until.ts'
import type { Argument } from '../redis-link.ts'
import { encodeGiven, plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { takeOf } from './limiters.ts'

/** One script's share: more would hold the server for too long. */
const mostAtOnce = { runs: 500, bytes: 4 * 1024 * 1024 }

export async function enqueue(calls: ScriptCalls, runs: readonly NewRun[]): Promise<EnqueueAnswer[]> {
  const answers: EnqueueAnswer[] = []
  for (const part of parts(runs)) {
    const reply = await calls.run('enqueue', part.args)
    const texts = Array.isArray(reply) ? reply.map(String) : [...String(reply)]
    for (const [i, run] of part.runs.entries()) answers.push(answerOf(texts[i] ?? '', run))
  }
  return answers
}

/** A letter, and behind it the run that the unique key belonged to. */
function answerOf(text: string, { id }: NewRun): EnqueueAnswer {
  const [letter, other] = [text[0], text.slice(1)]
  if (letter === 'c') return { outcome: 'created', id }
  if (letter === 'j') return { outcome: 'joined', id: other || id }
  if (letter === 'p') return { outcome: 'replaced', id, replaced: other }
  if (letter === 'd') return { outcome: 'rejected', id, reason: 'duplicate', holder: other }
  return { outcome: 'rejected', id, reason: 'id conflict' }
}

interface Part {
  readonly runs: NewRun[]
  readonly args: Argument[]
}

function* parts(runs: readonly NewRun[]): Generator<Part> {
  let part: Part = { runs: [], args: [] }
  let bytes = 0
  for (const run of runs) {
    const given = encodeGiven(run)
    const full = part.runs.length === mostAtOnce.runs || bytes + given.length > mostAtOnce.bytes
    if (full && part.runs.length > 0) {
      yield part
      part = { runs: [], args: [] }
      bytes = 0
    }
    bytes += given.length
    part.runs.push(run)
    part.args.push(headOf(run), given)
  }
  if (part.runs.length > 0) yield part
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
