import { randomUUID } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { connect, type Jobs } from '../../sdk/index.ts'
import { provingNumber } from '../support/evidence.ts'
import { FaultProxy } from '../support/redis/fault-proxy.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { done, newRun, plainError } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

const seed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
const count = 120
/** So late a request is executed once more. */
const lateMs = 300

/** Has one fault hit one of the next calls, if none is about to: most of them get through. */
function disturb(proxy: FaultProxy, random: number): void {
  if (proxy.armed > 0) return
  if (random < 0.4) proxy.cutReplies(1)
  else if (random < 0.65) void proxy.holdBack(lateMs)
  else if (random < 0.9) void proxy.duplicate(lateMs)
  else proxy.dropAll()
}

/** Fails every ready run: a run that was retried could be retried again. */
function failAll(worker: TestWorker): Promise<unknown> {
  return worker.claim(100).then((runs) =>
    Promise.all(
      runs.map(async (run) => {
        await worker.append(run, done('read'))
        await worker.settle(run, { kind: 'failed', error: plainError })
      }),
    ),
  )
}

async function retriesOf(store: Store, ids: readonly string[]): Promise<readonly number[]> {
  const histories = await Promise.all(ids.map((id) => store.history(id)))
  return histories.map((lines) => lines.filter(({ kind }) => kind === 'retry').length)
}

test('two operators continue one retry of many runs through a network that cuts and repeats: each run is retried once', async () => {
  const server = await sharedRedisServer()
  const namespace = `actions-${randomUUID()}`
  const calm = await openStore(parseStoreConfig({ url: server.url, namespace }))
  onTestFinished(() => calm.close())
  const runs = Array.from({ length: count }, () => newRun())
  await calm.enqueue(runs)
  const worker = await TestWorker.register(calm)
  await failAll(worker)
  await failAll(worker)

  const proxies = await Promise.all([FaultProxy.start(server.port), FaultProxy.start(server.port)])
  const operators: Jobs[] = []
  for (const { url } of proxies) operators.push(await connect({ url, namespace }))
  onTestFinished(async () => {
    await Promise.all(operators.map((jobs) => jobs.close()))
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })
  const id = `act_${randomUUID()}`
  const target = { kind: 'filter', filter: { job: 'job' } } as const
  await operators[0]?.actions.run('retry', target, { id, limit: 1 })

  const random = new SeededRandom(seed)
  let failing: Promise<unknown> = Promise.resolve()
  // Small chunks, so that there are many to hit.
  const goOn = ({ actions }: Jobs, proxy: FaultProxy | undefined) =>
    actions.continue(id, {
      rate: '40/s',
      onProgress: () => {
        if (proxy !== undefined) disturb(proxy, random.next())
        failing = failing.then(() => failAll(worker))
      },
    })
  const ends = await Promise.all(operators.map((jobs, i) => goOn(jobs, proxies[i])))
  await failing

  const again = `again: DURABLE_JOBS_PROVE_SEED=${seed}`
  for (const end of ends) expect(end, again).toMatchObject({ done: count, refused: 0 })
  expect(
    new Set(
      await retriesOf(
        calm,
        runs.map(({ id: run }) => run),
      ),
    ),
    again,
  ).toEqual(new Set([1]))
  const hits = proxies.map(({ hits: one }) => one.cutReplies + one.heldBack + one.duplicated)
  expect(Math.min(...hits)).toBeGreaterThan(0)
})
