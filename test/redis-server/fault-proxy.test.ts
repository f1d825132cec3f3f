import { expect, onTestFinished, test } from 'vitest'
import { FaultProxy } from '../support/redis/fault-proxy.ts'
import { RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { RespConnection } from '../support/redis/resp-connection.ts'
import { SeededRandom } from '../support/seeded-random.ts'

async function started(target?: RedisServer): Promise<{ server: RedisServer; proxy: FaultProxy }> {
  const server = target ?? (await sharedRedisServer())
  const proxy = await FaultProxy.start(server.port)
  onTestFinished(() => proxy.close())
  return { server, proxy }
}

/** An event that a test triggers. */
function event(): { happened: Promise<void>; happen: () => void } {
  let happen = (): void => undefined
  const happened = new Promise<void>((resolve) => {
    happen = resolve
  })
  return { happened, happen: () => happen() }
}

const lost = /closed|ECONNRESET|EPIPE/

test('forwards everything, and counts connections', async () => {
  const { server, proxy } = await started()
  const first = await RespConnection.open(proxy.port)
  const second = await RespConnection.open(proxy.port)
  const long = 'x'.repeat(2_000_000)
  expect(await first.call('SET', 'pass:a', long)).toBe('OK')
  expect(await second.call('GET', 'pass:a')).toBe(long)
  const pipeline = Array.from({ length: 100 }, () => first.call('INCR', 'pass:n'))
  expect(await Promise.all(pipeline)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  expect(proxy.connections).toBe(2)
  first.close()
  await expect.poll(() => proxy.connections).toBe(1)
  expect(await server.command('GET', 'pass:n')).toBe('100')
})

test('a client sees that the server was killed, and that the port is closed', async () => {
  const server = await RedisServer.start()
  onTestFinished(() => server.remove())
  const { proxy } = await started(server)
  const client = await RespConnection.open(proxy.port)
  await client.call('PING')
  await server.kill()
  await expect(client.call('PING')).rejects.toThrow(lost)
  await expect(RespConnection.open(proxy.port).then((next) => next.call('PING'))).rejects.toThrow(lost)
  await server.restart()
  expect(await (await RespConnection.open(proxy.port)).call('PING')).toBe('PONG')
})

test('cuts the reply of a command that took effect', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  proxy.cutReplies(1)
  await client.call('CLIENT', 'SETNAME', 'no-fault-is-spent-on-this')
  await expect(client.call('INCR', 'cut:n')).rejects.toThrow(lost)
  expect(await server.command('GET', 'cut:n')).toBe('1')
  const next = await RespConnection.open(proxy.port)
  expect(await next.call('INCR', 'cut:n')).toBe(2)
  expect(proxy.hits.cutReplies).toBe(1)
})

test('cuts the reply to a chosen command in a pipeline that is executed completely', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  proxy.cutReplies(1, ([name, key]) => name === 'INCR' && key === 'choice:b')
  const [a, b, c] = await Promise.allSettled([
    client.call('INCR', 'choice:a'),
    client.call('INCR', 'choice:b'),
    client.call('INCR', 'choice:c'),
  ])
  expect(a.status).toBe('fulfilled')
  expect([b.status, c.status]).toEqual(['rejected', 'rejected'])
  expect(await server.command('MGET', 'choice:a', 'choice:b', 'choice:c')).toEqual(['1', '1', '1'])
})

test('refuses a chosen command in a pipeline, in the order of the replies', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  for (const key of ['b', 'c']) {
    proxy.refuseCommand('BUSY as planned', ([name, own]) => name === 'INCR' && own === `refused:${key}`)
  }
  const keys = ['refused:a', 'refused:b', 'refused:c', 'refused:d']
  const replies = await Promise.allSettled(keys.map((key) => client.call('INCR', key)))
  expect(replies).toMatchObject([
    { value: 1 },
    { reason: { message: 'BUSY as planned' } },
    { reason: { message: 'BUSY as planned' } },
    { value: 1 },
  ])
  expect(await server.command('MGET', ...keys)).toEqual(['1', null, null, '1'])
  expect([await client.call('INCR', 'refused:b'), proxy.armed]).toEqual([1, 0])
})

test('stalls from a chosen command on, and reports how many commands it holds', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  proxy.stallAt(([name, key]) => name === 'INCR' && key === 'stalled:b')
  expect(await client.call('INCR', 'stalled:a')).toBe(1)
  const replies = ['stalled:b', 'stalled:c'].map((key) => client.call('INCR', key))
  await expect.poll(() => proxy.held(([name]) => name === 'INCR')).toBe(2)
  expect(await server.command('MGET', 'stalled:b', 'stalled:c')).toEqual([null, null])
  proxy.flow()
  expect(await Promise.all(replies)).toEqual([1, 1])
  expect(proxy.held(() => true)).toBe(0)
})

test('stalls with open connections, and flows again', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  await client.call('PING')
  proxy.stall()
  const reply = client.call('INCR', 'stall:n')
  for (let round = 0; round < 20; round++) await server.command('PING')
  expect(await server.command('GET', 'stall:n')).toBeNull()
  expect(proxy.connections).toBe(1)
  proxy.flow()
  expect(await reply).toBe(1)
})

test('delivers stalled commands even after their client has disconnected', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  await client.call('PING')
  proxy.stall()
  const reply = client.call('INCR', 'gone:n')
  const failed = expect(reply).rejects.toThrow(lost)
  for (let round = 0; round < 20; round++) await server.command('PING')
  client.close()
  await failed
  await expect.poll(() => proxy.connections).toBe(0)
  proxy.flow()
  await expect.poll(() => server.command('GET', 'gone:n')).toBe('1')
})

test('drops every connection', async () => {
  const { proxy } = await started()
  const clients = await Promise.all([RespConnection.open(proxy.port), RespConnection.open(proxy.port)])
  await Promise.all(clients.map((client) => client.call('PING')))
  const waiting = clients.map((client) =>
    expect(client.call('BLPOP', 'drop:none', '0')).rejects.toThrow(lost),
  )
  proxy.dropAll()
  await Promise.all(waiting)
  expect(proxy.connections).toBe(0)
  expect(proxy.hits.dropped).toBe(2)
})

test('refuses new connections while open ones continue', async () => {
  const { proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  await client.call('PING')
  proxy.refuse()
  await expect(RespConnection.open(proxy.port).then((next) => next.call('PING'))).rejects.toThrow(lost)
  expect(await client.call('PING')).toBe('PONG')
  proxy.accept()
  expect(await (await RespConnection.open(proxy.port)).call('PING')).toBe('PONG')
})

test('delays both directions, and retains the order', async () => {
  const { proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  await client.call('PING')
  proxy.delay(20)
  const begin = performance.now()
  const replies = Array.from({ length: 10 }, () => client.call('INCR', 'delay:n'))
  expect(await Promise.all(replies)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(performance.now() - begin).toBeGreaterThanOrEqual(40)
})

test('delays a command and delivers it after the client has sent it again', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  const { happened, happen } = event()
  const late = proxy.holdBack(happened)
  await expect(client.call('INCR', 'late:n')).rejects.toThrow(lost)
  expect(await server.command('GET', 'late:n')).toBeNull()
  const again = await RespConnection.open(proxy.port)
  expect(await again.call('INCR', 'late:n')).toBe(1)
  proxy.dropAll()
  happen()
  expect(await late).toEqual([2])
  expect(await server.command('GET', 'late:n')).toBe('2')
})

test('delivers a stalled command after a delay', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  await client.call('PING')
  proxy.stall()
  const failed = expect(client.call('INCR', 'held:n')).rejects.toThrow(lost)
  for (let round = 0; round < 20; round++) await server.command('PING')
  const late = proxy.holdBack(10)
  await failed
  expect(await late).toEqual([1])
})

test('duplicates a command over a new connection with the same handshake', async () => {
  const { server, proxy } = await started()
  const client = await RespConnection.open(proxy.port)
  await client.call('SELECT', '3')
  const { happened, happen } = event()
  const again = proxy.duplicate(happened, ([name]) => name === 'INCR')
  expect(await client.call('SET', 'twice:n', '10')).toBe('OK')
  await expect(client.call('INCR', 'twice:n')).rejects.toThrow(lost)
  const next = await RespConnection.open(proxy.port)
  await next.call('SELECT', '3')
  expect(await next.call('GET', 'twice:n')).toBe('11')
  happen()
  expect(await again).toEqual([12])
  expect(await server.command('EXISTS', 'twice:n')).toBe(0)
})

test('closing settles faults that have not hit, and refuses connections', async () => {
  const { proxy } = await started()
  const open = [proxy.holdBack(0), proxy.duplicate(0)]
  await proxy.close()
  expect(await Promise.all(open)).toEqual([[], []])
  await expect(RespConnection.open(proxy.port)).rejects.toThrow('ECONNREFUSED')
})

test('chaos hits in every way, and everything works afterwards', async () => {
  const { proxy } = await started()
  const random = new SeededRandom(7)
  const rate = 1 / 8
  const chaos = proxy.chaos(() => random.next(), {
    everyMs: 2,
    cutReplies: rate,
    stall: rate,
    dropAll: rate,
    refuse: rate,
    delay: rate,
    holdBack: rate,
    duplicate: rate,
  })
  let sent = 0
  let acknowledged = 0
  const allHit = (): boolean => Object.values(proxy.hits).every((hits) => hits > 0)
  while (!allHit() || Object.values(chaos.picked).includes(0)) {
    const client = await RespConnection.open(proxy.port).catch(() => undefined)
    for (let round = 0; client !== undefined && round < 10; round++) {
      sent++
      const reply = await client.call('INCR', 'chaos:n').catch(() => undefined)
      if (reply === undefined) break
      acknowledged++
    }
    client?.close()
  }
  chaos.stop()
  const client = await RespConnection.open(proxy.port)
  const total = Number(await client.call('GET', 'chaos:n'))
  expect(total).toBeGreaterThanOrEqual(acknowledged)
  expect(total).toBeLessThanOrEqual(sent + proxy.hits.duplicated)
})
