// A program of its own on the fake, as the demo is: no test runner. `story` plays a small story and ends by itself once
// the fake is closed; `hold` says the process ids of its tasks and waits until it is killed.

import { FakeEcs } from '../support/ecs/fake-ecs.ts'
import { idle } from '../support/ecs/task-programs.ts'

const fake = await FakeEcs.start({ minuteMs: 500 })
const service = fake.createService({
  name: 'workers',
  definition: fake.register({ family: 'worker', containers: [idle()] }),
  desiredCount: 2,
  capacity: [{ capacityProvider: 'FARGATE_SPOT' }],
})

async function steady(): Promise<void> {
  await fake.events.until(() => service.steady)
}

if (process.argv[2] === 'story') {
  for (const desiredCount of [4, 2]) {
    service.update({ desiredCount })
    await steady()
  }
  const [task] = service.tasks
  if (task !== undefined) fake.interruptSpot(task)
  await task?.stopped
  service.update({ forceNewDeployment: true })
  await steady()
  await fake.close()
  const stops = fake.events.history.filter((event) => event.type === 'stop').map(({ cause }) => cause.kind)
  process.stdout.write(`${stops.join(' ')}\n`)
} else {
  await steady()
  process.stdout.write(`${service.tasks.map((each) => each.container().process.pid).join(' ')}\n`)
}
