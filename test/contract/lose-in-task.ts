import type { Store } from '../../runtime/store/store.ts'
import { TestWorker } from './test-worker.ts'

/** Has a worker in an ECS task claim a run and be lost, in a store whose time goes on by itself. */
export async function loseInTask(store: Store, task: string, name = `w-${task}`): Promise<TestWorker> {
  const taskArn = `arn:aws:ecs:eu-central-1:111122223333:task/jobs/${task}`
  const identity = { taskArn, cluster: 'jobs', region: 'eu-central-1', family: 'workers', revision: '1' }
  const report = { n: 1, agoMs: 0, task: { ...identity, process: task, upMs: 0 } }
  const victim = await TestWorker.register(store, { name, leaseMs: 1, report })
  await victim.claimOne()
  const witness = await TestWorker.register(store)
  while ((await store.lostWorkers()).every((one) => one.name !== name)) await witness.claim(0)
  await store.resign(witness.lease, [])
  return victim
}
