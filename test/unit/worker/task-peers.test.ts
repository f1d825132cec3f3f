import { describe, expect, test } from 'vitest'
import type { WorkerTask } from '../../../runtime/store/worker-report.ts'
import { judgePeers } from '../../../runtime/worker/task-peers.ts'

let tasks = 0

function task(revision: string, startedAt: number, over: Partial<WorkerTask> = {}): WorkerTask {
  const id = `task-${++tasks}`
  return {
    ...{
      taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/jobs/${id}`,
      cluster: 'jobs',
      family: 'imports',
    },
    ...{ region: 'eu-central-1', revision, process: id, startedAt },
    ...over,
  }
}

const worker = (of: WorkerTask | undefined, over: { lost?: boolean; draining?: boolean } = {}) => ({
  ...{ name: of?.process ?? 'elsewhere', lost: false, draining: false },
  ...(of === undefined ? {} : { task: of }),
  ...over,
})

describe('a task', () => {
  const own = task('7', 100)

  test('belongs only to its worker beside other tasks, lost workers and workers of its process', () => {
    const others = [
      worker(task('7', 50)),
      worker(undefined),
      worker({ ...own, process: 'before' }, { lost: true }),
    ]
    expect(judgePeers(own, [worker(own), worker(own), ...others]).sharedWith).toEqual([])
  })

  test('is shared with every other live process in it, also a draining one', () => {
    const second = worker({ ...own, process: 'second' })
    const third = worker({ ...own, process: 'third' }, { draining: true })
    expect(judgePeers(own, [worker(own), second, third]).sharedWith).toEqual(['second', 'third'])
  })
})

describe('a revision', () => {
  const own = task('7', 100)
  const newerBeside = (...others: ReturnType<typeof worker>[]): string | undefined =>
    judgePeers(own, [worker(own), ...others]).newerRevision

  test('is superseded once a task of another one has started later', () => {
    expect(newerBeside(worker(task('8', 200)))).toBe('8')
    expect(newerBeside(worker(task('8', 50)))).toBeUndefined()
    expect(newerBeside(worker(task('8', 100)))).toBeUndefined()
  })

  test('is dated by its newest task’s start, so that a rollback supersedes the newer one', () => {
    const rolledBack = task('8', 200)
    const again = task('7', 300)
    expect(newerBeside(worker(rolledBack), worker(again))).toBeUndefined()
    expect(judgePeers(rolledBack, [worker(own), worker(rolledBack), worker(again)]).newerRevision).toBe('7')
  })

  test('is not superseded by workers that drain or are lost', () => {
    expect(newerBeside(worker(task('8', 200), { draining: true }))).toBeUndefined()
    expect(newerBeside(worker(task('8', 200), { lost: true }))).toBeUndefined()
  })

  test('is not superseded by another family, cluster or service', () => {
    expect(newerBeside(worker(task('8', 200, { family: 'mails' })))).toBeUndefined()
    expect(newerBeside(worker(task('8', 200, { cluster: 'other' })))).toBeUndefined()
    const served = { ...own, service: 'a' }
    const beside = (service?: string) =>
      judgePeers(served, [worker(served), worker(task('8', 200, service === undefined ? {} : { service }))])
        .newerRevision
    expect([beside('b'), beside('a'), beside()]).toEqual([undefined, '8', '8'])
  })

  test('of a draining worker is judged by its own start', () => {
    expect(judgePeers(own, [worker(own, { draining: true }), worker(task('8', 200))]).newerRevision).toBe('8')
  })
})
