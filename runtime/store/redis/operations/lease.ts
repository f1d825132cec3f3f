import type { RunId } from '../../../model/run-id.ts'
import type { OpenSteps } from '../../open-steps.ts'
import type { LeaseId, NewWorker, RenewReply, WorkerStatus } from '../../store.ts'
import type { StoredReport, WorkerReport } from '../../worker-report.ts'
import type { Argument } from '../redis-link.ts'
import { plain } from '../run-record.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { packedLimiters, refuseOtherKind } from './limiters.ts'
import { ordersOf } from './orders.ts'

const unblockedAtOnce = 500

/** @param beat Identifies this process for the check of peers; '' for none. */
export async function register(calls: ScriptCalls, worker: NewWorker, beat: string): Promise<void> {
  const { lease, leaseMs, draining, name, host, pid, node, concurrency, jobs, queues, queueOrder, report } =
    worker
  const order = { ...(queues ? { queues } : {}), ...(queueOrder ? { queueOrder } : {}) }
  const limiters = packedLimiters(worker.limiters ?? [])
  const task = report?.task === undefined ? {} : { task: report.task.taskArn }
  const packed = plain.pack({ name, host, pid, node, concurrency, jobs, ...order, limiters, ...task })
  const told = report === undefined ? ['', 0, ''] : [report.n, report.agoMs, packedReport(report)]
  const declared = (worker.definitions ?? []).flatMap(({ kind, name: of, digest, definition }) => [
    ...[kind, of, digest],
    Buffer.from(definition),
  ])
  refuseOtherKind(
    await calls.run('register', [lease, leaseMs, draining ? 1 : 0, packed, beat, ...told, ...declared]),
  )
  // Also on a repeat: the reply to the first call may have been lost.
  for (let cursor: Buffer = Buffer.alloc(0); ; ) {
    cursor = (await calls.run('unblock', [lease, cursor, unblockedAtOnce])) as Buffer
    if (cursor.length === 0) return
  }
}

export async function renew(
  calls: ScriptCalls,
  lease: LeaseId,
  { draining, drain, openSteps, report }: WorkerStatus,
  beat: string,
): Promise<RenewReply> {
  const steps = openSteps === undefined ? ['', 0, ''] : packedOpenSteps(openSteps)
  const itself =
    report === undefined ? [] : [report.n, report.agoMs, report.task?.taskArn ?? '', packedReport(report)]
  const told = openSteps === undefined && report === undefined ? [] : [...steps, ...itself]
  const why = drain === undefined ? '' : plain.pack(drain)
  const reply = await calls.run('renew', [lease, draining ? 1 : 0, beat, why, ...told])
  return Array.isArray(reply) ? { kind: 'held', orders: ordersOf(reply) } : { kind: 'lost' }
}

function packedOpenSteps({ n, agoMs, steps }: OpenSteps): Argument[] {
  return [n, agoMs, plain.pack(steps.map(({ run, fence, path, openMs }) => [run, fence, path, openMs]))]
}

function packedReport({ n: _, agoMs: __, ...report }: WorkerReport): Buffer {
  return plain.pack(report satisfies StoredReport)
}

export async function reportCut(calls: ScriptCalls, lease: LeaseId): Promise<'cut' | 'not cut'> {
  for (;;) {
    const answer = await calls.run('report-cut', [lease])
    if (answer !== 2) return answer === 1 ? 'cut' : 'not cut'
  }
}

export async function resign(calls: ScriptCalls, lease: LeaseId, keep: readonly RunId[]): Promise<void> {
  while ((await calls.run('resign', [lease, ...keep])) !== 1);
}
