import type { FailureFilter, FailureGroup } from '../../failures.ts'
import { checkFailureFilter } from '../../read-limits.ts'
import { triesPerMinute } from '../../tries-per-minute.ts'
import { chunks } from '../chunks.ts'
import type { Reply } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

export async function readFailures(calls: ScriptCalls, filter: FailureFilter): Promise<FailureGroup[]> {
  checkFailureFilter(filter)
  const { order = 'latest', limit, fingerprint = '', job = '', since } = filter
  const args = [order, limit, fingerprint, job, since ?? '']
  return decodeFailures(calls, await calls.run('read-failures', args))
}

/** What scripts/read-failures.lua returns. */
export function decodeFailures(calls: ScriptCalls, reply: Reply): FailureGroup[] {
  const [now, ...flat] = reply as [Buffer, ...(Buffer | number)[]]
  return chunks<[Buffer, Buffer, number]>(flat, 3).map(([name, record, failedNow]) => ({
    ...decodeGroup(calls, record, Number(now)),
    ...{ fingerprint: String(name), failedNow },
  }))
}

type Rest = readonly [
  step: string,
  name: string,
  code: string,
  text: string,
  sample: string,
  versions: readonly number[],
  minutes: readonly number[],
]

/** Layout: scripts/failures-part.lua. */
function decodeGroup(
  calls: ScriptCalls,
  record: Buffer,
  now: number,
): Omit<FailureGroup, 'fingerprint' | 'failedNow'> {
  const jobEnd = record.indexOf(0, 20)
  const [step, name, code, text, sample, versions, minutes] = plain.unpack(
    record.subarray(jobEnd + 1),
  ) as Rest
  return {
    ...{ job: record.toString('utf8', 20, jobEnd), step, name, text, sample },
    ...(code === '' ? {} : { code }),
    firstAt: calls.clock.shown(record.readUIntBE(0, 6)),
    lastAt: calls.clock.shown(record.readUIntBE(6, 6)),
    tries: record.readUInt32BE(12),
    runs: record.readUInt32BE(16),
    versions: [...versions],
    // Lua doesn't distinguish an empty list from an empty map.
    perMinute: triesPerMinute(Array.isArray(minutes) ? minutes : [], Math.floor(now / 60_000)),
  }
}
