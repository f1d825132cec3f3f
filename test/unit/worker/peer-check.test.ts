import { expect, test } from 'vitest'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import type { WorkerTask } from '../../../runtime/store/worker-report.ts'
import { PeerCheck } from '../../../runtime/worker/peer-check.ts'
import { FakeClock } from '../coordination/fake-clock.ts'
import { LineLog } from '../fargate/line-log.ts'

const everyMs = 1_000

function worker(revision: string, startedAt: number): WorkerInfo {
  const id = `of-${revision}`
  const task: WorkerTask = {
    ...{
      taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/jobs/${id}`,
      cluster: 'jobs',
      family: 'imports',
    },
    ...{ region: 'eu-central-1', revision, process: id, startedAt },
  }
  const facts = { host: 'h', pid: 1, node: '24', concurrency: 2, running: 0, startedAt, seenAgoMs: 0 }
  const state = { leaseLeftMs: 1, queueOrder: 'turns', jobs: [], draining: false, lost: false } as const
  return { name: id, ...facts, ...state, task }
}

test('a worker logs each newer revision of its task family once, by its number', async () => {
  const clock = new FakeClock()
  const log = new LineLog()
  const superseded: boolean[] = []
  const protection = {
    shareTask: () => undefined,
    supersede: (value: boolean) => void superseded.push(value),
  }
  let others: readonly WorkerInfo[] = []
  const own = worker('7', 100)
  const workers = async () => [own, ...others]
  const check = new PeerCheck({ clock, log, protection, workers, everyMs, name: own.name })
  check.begin()
  await clock.settle()
  for (const seen of [[worker('8', 200)], [worker('8', 200)], [worker('9', 300)], []]) {
    others = seen
    await clock.advance(everyMs)
  }
  await check.close()
  expect(superseded).toEqual([false, true, true, true, false])
  expect(log.messages).toEqual(
    ['8', '9'].map(
      (revision) =>
        `info: a newer revision of its task family, ${revision}, has started: no new protected runs`,
    ),
  )
})
