import type { ClockJump } from '../../clock-jumps-check.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

/** Reads the jumps that record-jump.lua keeps, newest first. */
export async function readClockJumps(calls: ScriptCalls): Promise<ClockJump[]> {
  const raw = (await calls.read('HGET', calls.keys.of('meta'), 'clockJumps')) as Buffer | null
  if (raw === null) return []
  const jumps = plain.unpack(raw) as (readonly [at: number, movedMs: number])[]
  return jumps.map(([at, movedMs]) => ({ at, movedMs })).reverse()
}
