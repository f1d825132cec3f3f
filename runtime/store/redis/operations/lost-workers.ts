import { type DeathCause, deathText, isBlameless } from '../../../model/death-cause.ts'
import type { LossCause } from '../../../model/poison.ts'
import { checkDeath, explainedReasons, type LostWorker, type SilentTask } from '../../lost-workers.ts'
import type { LeaseId } from '../../store.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'

export async function explainLoss(
  calls: ScriptCalls,
  lease: LeaseId,
  death: DeathCause,
): Promise<'explained' | 'unknown'> {
  checkDeath(death)
  const { kind, killedAfterMs, text } = death
  const packed = plain.pack({ kind, ...(killedAfterMs === undefined ? {} : { killedAfterMs }), text })
  const reasons = explainedReasons(death)
  const said = [deathText(death), reasons['taken back'], reasons['too late']]
  for (;;) {
    const answer = await calls.run('explain-loss', [lease, packed, kind, isBlameless(death) ? 1 : 0, ...said])
    if (answer !== 2) return answer === 1 ? 'explained' : 'unknown'
  }
}

export async function readSilentTasks(calls: ScriptCalls): Promise<SilentTask[]> {
  const reply = (await calls.run('read-silent-tasks', [])) as [Buffer, Buffer, Buffer, Buffer, Buffer][]
  return reply.map(([lease, worker, task, state, ms]) => {
    const common = { lease: String(lease), worker: String(worker), taskArn: String(task) }
    return String(state) === 'lost'
      ? { ...common, state: 'lost', lostAgoMs: Number(ms) }
      : { ...common, state: 'silent', seenAt: Number(ms) }
  })
}

interface StoredLoss extends Pick<LostWorker, 'name' | 'runs' | 'death'> {
  readonly task: string
  readonly at: number
  readonly by: LossCause
}

export async function readLostWorkers(calls: ScriptCalls): Promise<LostWorker[]> {
  const reply = (await calls.run('read-lost-workers', [])) as Buffer[]
  return reply.map((packed) => {
    const { name, task, at, by, runs, death } = plain.unpack(packed) as StoredLoss
    return {
      ...{ name, taskArn: task, lostAt: calls.clock.shown(at), seenBy: by, runs },
      ...(death === undefined ? {} : { death }),
    }
  })
}
