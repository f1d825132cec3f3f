import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { type CallFilter, ecsDoors } from '../support/ecs/call-log.ts'
import { workerJobs } from '../support/ecs/tasks/worker-jobs.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { WorkerSite } from './worker-site.ts'

const { brief } = workerJobs(async () => '')
const tasks = provingNumber('DURABLE_JOBS_PROVE_TASKS', 3)
const minuteMs = provingNumber('DURABLE_JOBS_PROVE_MINUTE_MS', 300)
const minutes = provingNumber('DURABLE_JOBS_PROVE_MINUTES', 5)
const briefMs = provingNumber('DURABLE_JOBS_PROVE_BRIEF_MS', 50)
const slots = 4
const updates: CallFilter = { door: ecsDoors, operation: 'UpdateTaskProtection' }

/** Outside the measurement: fifty processes that start, and a last round. */
const patienceMs = 600_000

test(
  'workers that get a protected run as soon as they released protection stay below one call per second',
  async () => {
    const { port } = await sharedRedisServer()
    const site = await WorkerSite.open({
      mode: 'required',
      desiredCount: tasks,
      minuteMs,
      // The calls that the fake grants per second, in a second of its minute.
      buckets: { protection: { burst: 20, perSecond: (5 * 60_000) / minuteMs } },
      store: `redis://127.0.0.1:${port}?namespace=flapping-${randomUUID()}`,
      environment: { BRIEF_MS: String(briefMs) },
    })
    const { fake, jobs, service } = site
    const begun = performance.now()
    const protectedTasks = new Set<string>()
    fake.events.subscribe((event) => {
      if (event.type === 'protected') protectedTasks.add(event.taskArn)
    })
    let rounds = 0
    while (performance.now() - begun < minutes * minuteMs) {
      rounds++
      const runs = await Promise.all(Array.from({ length: tasks * slots }, () => jobs.enqueue(brief)))
      await Promise.all(runs.map((run) => run.result({ timeout: '5m' })))
      await fake.events.until(() => service.tasks.every((task) => !fake.isProtected(task)))
    }
    // In seconds of the fake: its minute has sixty.
    const seconds = ((performance.now() - begun) / minuteMs) * 60
    const calls = fake.calls.calls(updates)
    const attempts = fake.calls.attempts(updates)
    const throttled = attempts.filter(({ outcome }) => outcome === 'error ThrottlingException').length
    printEvidence({
      measure: 'ECS calls of flapping workers',
      tasks,
      'tasks protected': protectedTasks.size,
      rounds,
      seconds: seconds.toFixed(0),
      calls,
      // The agent itself retries throttled calls.
      attempts: attempts.length,
      throttled,
      'calls per s': (calls / seconds).toFixed(2),
    })
    expect(protectedTasks.size).toBeGreaterThan(0)
    expect(calls).toBeLessThan(seconds)
  },
  minutes * minuteMs + patienceMs,
)
