import { type ExpectedPause, type ExpectingWrite, refuseStale } from '../../../model/expecting-write.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { expectedTime } from './expected-time.ts'

export async function pauseQueue(
  calls: ScriptCalls,
  queue: string,
  act: 'pause' | 'resume',
  { by, reason = '', requestId, expected }: ExpectingWrite<ExpectedPause>,
): Promise<void> {
  const pausedAt = expected === undefined ? '' : expectedTime(calls, expected.pausedAt)
  const reply = await calls.run('pause-queue', [queue, requestId, by, reason, act, pausedAt])
  refuseStale(String(reply) !== 'moved', `queue '${queue}'`)
}
