import { type Duration, parseDuration } from '../model/duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { isName, maxNameBytes } from '../model/name.ts'
import { parsePriority } from '../model/priority.ts'
import { parseRunId, type RunId } from '../model/run-id.ts'
import type { NewRun } from '../store/new-run.ts'

/** Options of `enqueue`. */
export interface EnqueueOptions {
  /** Starts after this. */
  delay?: Duration
  /** Starts at this instant; not beside `delay`. */
  at?: Date
  /** Names the run: the same id again returns the existing run. Default: a new, time-ordered id. */
  id?: RunId
  /** -1000 to 1000, higher first. Default: the job's. */
  priority?: number
  tags?: readonly string[]
  headers?: Readonly<Record<string, string>>
  /** If it isn't started within this time after it could be, the run ends as `expired`. */
  expiresIn?: Duration
}

/** Checked options. */
export interface EnqueuePlan {
  readonly id: RunId | undefined
  /** For each run of the call. */
  readonly run: Pick<NewRun, 'tags' | 'headers' | 'start'> & Partial<Pick<NewRun, 'priority' | 'expiresInMs'>>
}

const known = ['id', 'delay', 'at', 'priority', 'tags', 'headers', 'expiresIn']
const maxTags = 50

/** @throws InvalidOptionsError naming the wrong option. */
export function parseEnqueueOptions(options: EnqueueOptions): EnqueuePlan {
  checkKnownOptions(options, known, 'enqueue')
  const { id, priority, tags, headers, expiresIn } = options
  return {
    id: id === undefined ? undefined : parseRunId(id, 'enqueue: id'),
    run: {
      start: parseStart(options),
      ...(priority === undefined ? {} : { priority: parsePriority(priority, 'enqueue: priority') }),
      tags: parseTags(tags ?? []),
      headers: parseHeaders(headers ?? {}),
      ...(expiresIn === undefined ? {} : { expiresInMs: parseDuration(expiresIn, 'enqueue: expiresIn') }),
    },
  }
}

function parseStart({ delay, at }: EnqueueOptions): NewRun['start'] {
  if (delay !== undefined && at !== undefined) {
    throw new InvalidOptionsError('enqueue: write delay or at, not both')
  }
  if (delay !== undefined) return { kind: 'in', ms: parseDuration(delay, 'enqueue: delay') }
  if (at === undefined) return { kind: 'now' }
  if (!(at instanceof Date) || Number.isNaN(at.getTime())) {
    throw new InvalidOptionsError('enqueue: at must be a valid Date')
  }
  return { kind: 'at', at: at.getTime() }
}

function parseTags(tags: unknown): readonly string[] {
  const good = Array.isArray(tags) && tags.length <= maxTags && tags.every(isName)
  if (good) return tags as readonly string[]
  throw new InvalidOptionsError(
    `enqueue: tags must be a list of at most ${maxTags} strings of 1 to ${maxNameBytes} bytes`,
  )
}

function parseHeaders(headers: unknown): Readonly<Record<string, string>> {
  const isRecord = typeof headers === 'object' && headers !== null && !Array.isArray(headers)
  if (isRecord && Object.values(headers).every((header) => typeof header === 'string')) {
    return headers as Readonly<Record<string, string>>
  }
  throw new InvalidOptionsError('enqueue: headers must be an object of strings')
}
