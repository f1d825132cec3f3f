import { describe, expect, test } from 'vitest'
import { createLogger } from '../../../runtime/index.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import { serveHealth } from '../../../runtime/worker/health-server.ts'
import { LeaseKeeper } from '../../../runtime/worker/lease-keeper.ts'
import { OutageLog } from '../../../runtime/worker/outage-log.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob, HealthPortError } from '../../../sdk/index.ts'
import { gate, openFixture, rejection } from '../../support/fixture.ts'
import { newWorker } from '../../support/stores/store-inputs.ts'

async function ask(port: number | undefined, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return `${response.status} ${(await response.text()).trim()}`
}

describe('the health server of a worker', () => {
  test('reports live and ready, and not ready while the worker drains', async () => {
    const shop = await openFixture()
    const [begun, goOn] = [gate(), gate()]
    const job = defineJob({ name: 'slow' }, async ({ step }) =>
      step.run('wait', () => {
        begun.open()
        return goOn.opened
      }),
    )
    const worker = await shop.work(job, { healthPort: 0 })
    const port = await worker.healthPort()
    await expect.poll(() => ask(port, '/ready')).toBe('200 ok')
    expect(await ask(port, '/live')).toBe('200 ok')

    await shop.jobs.enqueue(job)
    await begun.opened
    const stopped = worker.stop()
    await expect.poll(() => ask(port, '/ready')).toBe('503 not ready')
    expect(await ask(port, '/live')).toBe('200 ok')
    goOn.open()
    await stopped
    await expect(ask(port, '/live')).rejects.toThrow()
  })

  test('does not start without a port', async () => {
    const shop = await openFixture()
    const worker = await shop.work(defineJob({ name: 'idle' }, () => 1))
    expect(await worker.healthPort()).toBeUndefined()
  })

  test('on a port in use prevents the worker’s start, before it reaches the store', async () => {
    const shop = await openFixture()
    const other = await serveHealth(0, { live: () => true, ready: () => true })
    if (other.kind !== 'listening') throw new Error('the first server must listen')
    const job = defineJob({ name: 'idle' }, () => 'done')

    const failure = await rejection(shop.work(job, { healthPort: other.port }))
    expect(failure).toBeInstanceOf(HealthPortError)
    expect(failure).toMatchObject({
      ...{ code: 'HEALTH_PORT', port: other.port },
      message: expect.stringMatching(
        new RegExp(`^the health port ${other.port} can't be served: .*EADDRINUSE`),
      ),
    })
    expect(await shop.jobs.inspector.workers()).toEqual([])
    await other.close()
  })
})

test('a worker that leads with a dead duty is not ready, and says so', async () => {
  const shop = await openFixture()
  const config = parseWorkerOptions({
    store: shop.store,
    jobs: [defineJob({ name: 'idle' }, () => 1)],
    logger: createLogger({ level: 'error' }),
    healthPort: 0,
  })
  const store = await openStore(config.store)
  const worker = newWorker()
  await store.register(worker)
  let isDead = false
  const keeper = new LeaseKeeper(config, {
    clock: config.clock,
    log: config.log,
    status: () => ({ draining: false }),
    openSteps: () => [],
    report: { next: () => undefined, whole: () => undefined },
    hasDeadDuty: () => isDead,
    renew: (lease) => store.renew(lease, { draining: false }),
    outages: new OutageLog(config),
    onOrders: () => undefined,
    onLost: () => undefined,
    onGone: () => undefined,
  })
  keeper.keep(worker.lease)
  await keeper.start()
  const port = keeper.healthPort
  await expect.poll(() => ask(port, '/ready')).toBe('200 ok')
  isDead = true
  const answer = '503 not ready: it leads, but a duty of it is dead: durable-jobs doctor names it'
  await expect.poll(() => ask(port, '/ready')).toBe(answer)
  expect(await ask(port, '/live')).toBe('200 ok')
  await keeper.stop()
  await store.close()
})

describe('a health server', () => {
  test('replies 503 to a failed check, and 404 to other paths', async () => {
    const server = await serveHealth(0, { live: () => false, ready: () => true })
    if (server.kind !== 'listening') throw new Error(server.reason)

    expect(await ask(server.port, '/live')).toBe('503 not live')
    expect(await ask(server.port, '/ready?verbose=1')).toBe('200 ok')
    expect(await ask(server.port, '/')).toBe('404 ask /live or /ready')
    await server.close()
  })
})
