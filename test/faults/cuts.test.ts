import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { FaultProxy } from '../support/redis/fault-proxy.ts'
import { sharedRedisServer } from '../support/redis/redis-server.ts'
import { Crew } from './crew.ts'

/** A worker behind a proxy that holds a run, and a peer that only looks. */
async function heldBehindProxy(options: Parameters<Crew['hire']>[1] = {}) {
  const server = await sharedRedisServer()
  const proxy = await FaultProxy.start(server.port)
  onTestFinished(() => proxy.close())
  const crew = await Crew.open(server.url)
  await crew.hire(proxy.url, options)
  const run = await crew.client.enqueue(crew.jobs.held)
  await expect.poll(async () => (await crew.client.inspector.run(run.id))?.position).toBe(1)
  const store = await openStore(parseStoreConfig({ url: server.url, namespace: crew.namespace }))
  onTestFinished(() => store.close())
  const peer = { name: 'peer', host: 'here', pid: 1, node: 'v24', concurrency: 1, jobs: [], draining: false }
  await store.register({ ...peer, lease: 'peer', leaseMs: 120_000 })
  onTestFinished(store.onWakeup('peer', () => undefined))
  const kinds = async () => (await store.history(run.id)).map(({ kind }) => kind)
  const cutOff = async (): Promise<void> => {
    proxy.refuse()
    proxy.dropAll()
    await expect.poll(async () => (await run.status()).losses).toBe(1)
    expect(await store.history(run.id)).toMatchObject([{ kind: 'lost', cause: 'exit' }])
    proxy.accept()
  }
  return { crew, run, kinds, cutOff }
}

test('a worker that was only cut off has the loss of its run reverted when it returns', async () => {
  const { crew, run, kinds, cutOff } = await heldBehindProxy()
  await cutOff()
  await expect.poll(kinds).toEqual(['lost', 'cut'])
  expect(crew.lines.filter((line) => line.includes('its peers took it for dead'))).toHaveLength(1)
  crew.gate.open()
  await run.result({ timeout: '60s' })
})

test('the loss counts if the worker was blocked before the cut', async () => {
  const { crew, run, kinds, cutOff } = await heldBehindProxy({ lease: '30s', maxBlocked: '1s' })
  block(1_500)
  await cutOff()
  const returned = (line: string): boolean => line.includes('goes on from its stored steps')
  await expect.poll(() => crew.lines.some(returned)).toBe(true)
  // On a busy machine the worker may have released the run since: its older execution still waits for the gate.
  expect((await kinds()).filter((kind) => kind !== 'released')).toEqual(['lost'])
  crew.gate.open()
  await run.result({ timeout: '60s' })
})

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
