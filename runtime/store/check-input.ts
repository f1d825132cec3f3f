import { encodeValue } from '../model/codec.ts'
import { digestsOf } from '../model/digest.ts'
import type { Job } from '../model/job.ts'
import { limitUses } from '../model/limit-use.ts'
import { decideProtection } from '../model/protect.ts'
import { parseInput } from '../model/standard-schema.ts'
import { uniqueClaim } from '../model/unique.ts'
import type { NewRun } from './new-run.ts'

/** The parts of a run that follow from its job's definition and its input, whether a caller or a schedule makes it. */
export type CheckedInput = Omit<
  NewRun,
  'id' | 'tags' | 'headers' | 'start' | 'expiresInMs' | 'schedule' | 'scheduledFor'
>

interface InputCheck {
  readonly maxValueBytes: number
  readonly named: boolean
  readonly schedule?: string
}

/**
 * Parses the input by the job's schema and encodes the result.
 * `named`: the run has an id of the caller's own, which can exist with another input. `schedule`: the schedule whose
 * input it is.
 * @throws InvalidInputError, SerializationError, InvalidOptionsError when `unique.key` returns no usable key, or
 * `protect` no boolean
 */
export async function checkInput<Input>(
  job: Job<Input>,
  input: unknown,
  { maxValueBytes, named, schedule }: InputCheck,
): Promise<CheckedInput> {
  const parsed = await parseInput(job.schema, input, job.name, schedule)
  return {
    job: job.name,
    version: job.version,
    queue: job.queue,
    priority: job.priority,
    input: encodeValue(parsed, `input of job '${job.name}'`, maxValueBytes),
    ...(named ? inputDigests(parsed) : { inputDigest: '' }),
    ...(job.limits.length === 0
      ? {}
      : { limits: limitUses(job.limits, parsed, { job: job.name, schedule }) }),
    ...(job.unique === undefined ? {} : { unique: uniqueClaim(job.unique, parsed, job.name) }),
    ...(job.timeoutMs === undefined ? {} : { timeoutMs: job.timeoutMs }),
    ...(job.protect !== undefined && decideProtection(job.protect, parsed, { job: job.name, schedule })
      ? { protect: true }
      : {}),
  }
}

function inputDigests(parsed: unknown): Pick<NewRun, 'inputDigest' | 'canonicalDigest'> {
  const { written, canonical } = digestsOf(parsed)
  return { inputDigest: written, ...(canonical === undefined ? {} : { canonicalDigest: canonical }) }
}
