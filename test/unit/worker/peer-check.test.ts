import { expect, onTestFinished, test } from 'vitest'
import type { WorkerInfo } from '../../../runtime/store/worker-info.ts'
import type { WorkerTask } from '../../../runtime/store/worker-report.ts'
import { PeerCheck } from '../../../runtime/worker/peer-check.ts'
import { processId } from '../../../runtime/worker/self-report.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { gate } from '../../support/fixture.ts'
import { LineLog } from '../../support/line-log.ts'

const everyMs = 1_000

/** A worker of a task of its own; all workers have one name, as where the program gives it. */
function workerOf(task: Partial<WorkerTask>): WorkerInfo {
  const { process = 'other' } = task
  return {
    ...{ name: 'worker', host: 'h', pid: 1, node: 'v24', concurrency: 1, running: 0, draining: false },
    ...{ queueOrder: 'turns', lost: false, jobs: [], startedAt: 0, seenAgoMs: 0, leaseLeftMs: 1 },
    task: {
      ...{ taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/jobs/${process}`, cluster: 'jobs' },
      ...{ region: 'eu-central-1', family: 'imports', revision: '1', startedAt: 0, process },
      ...task,
    },
  }
}

/** The result of this process's check for its holder of these workers, in one read. */
async function toldOf(
  ...workers: readonly WorkerInfo[]
): Promise<{ shared: boolean; superseded: boolean; lines: string[] }> {
  const log = new LineLog()
  const told = gate<{ shared: boolean; superseded: boolean }>()
  let shared = false
  const check = new PeerCheck({
    ...{ clock: new FakeClock(), log, everyMs, workers: async () => workers },
    protection: {
      shareTask: (value) => {
        shared = value
      },
      supersede: (superseded) => told.open({ shared, superseded }),
    },
  })
  onTestFinished(() => check.close())
  check.begin()
  return { ...(await told.opened), lines: log.messages }
}

test('of workers with one name each is judged by its own task', async () => {
  const own = { process: processId }
  const older = workerOf({ ...own, revision: '1', startedAt: 10 })
  const newer = workerOf({ revision: '2', startedAt: 20 })
  expect(await toldOf(newer, older)).toMatchObject({ superseded: true })
  const newest = workerOf({ ...own, revision: '2', startedAt: 20 })
  expect(await toldOf(workerOf({ revision: '1', startedAt: 10 }), newest)).toMatchObject({
    superseded: false,
  })
})

test('another process of the task is reported, with one warning', async () => {
  const taskArn = 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/both'
  const own = workerOf({ process: processId, taskArn })
  expect(await toldOf(own)).toMatchObject({ shared: false, lines: [] })
  const told = await toldOf(workerOf({ taskArn }), own)
  expect(told).toMatchObject({
    shared: true,
    lines: [expect.stringMatching(/^warn: another process works in the same ECS task/)],
  })
})

test('a worker logs each newer revision of its task family once, by its number', async () => {
  const clock = new FakeClock()
  const log = new LineLog()
  const superseded: boolean[] = []
  const protection = {
    shareTask: () => undefined,
    supersede: (value: boolean) => void superseded.push(value),
  }
  let others: readonly WorkerInfo[] = []
  const own = workerOf({ process: processId, revision: '7', startedAt: 100 })
  const check = new PeerCheck({ clock, log, protection, workers: async () => [own, ...others], everyMs })
  check.begin()
  await clock.settle()
  const [eighth, ninth] = [
    workerOf({ revision: '8', startedAt: 200 }),
    workerOf({ revision: '9', startedAt: 300 }),
  ]
  for (const seen of [[eighth], [eighth], [ninth], []]) {
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
