import type { Store } from '../../runtime/store/store.ts'
import { inTask } from '../support/stores/in-task.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

/** Has a worker in an ECS task claim a run and be lost, in a store whose time advances by itself. */
export async function loseInTask(store: Store, task: string, name = `w-${task}`): Promise<TestWorker> {
  const victim = await TestWorker.register(store, inTask(task, { name, leaseMs: 1 }))
  await victim.claimOne()
  const bodyLog = await TestWorker.register(store)
  while ((await store.lostWorkers()).every((one) => one.name !== name)) await bodyLog.claim(0)
  await store.resign(bodyLog.lease, [])
  return victim
}
