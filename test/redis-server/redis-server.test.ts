import { existsSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { RedisServer, type RedisServerOptions, sharedRedisServer } from '../support/redis/redis-server.ts'
import { ReplyError } from '../support/redis/resp.ts'

async function started(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options)
  onTestFinished(() => server.remove())
  return server
}

test('sends every kind of reply', async () => {
  const server = await sharedRedisServer()
  expect(await server.command('SET', 'kinds:a', 'ä\r\nb')).toBe('OK')
  expect(await server.command('GET', 'kinds:a')).toBe('ä\r\nb')
  expect(await server.command('GET', 'kinds:none')).toBeNull()
  expect(await server.command('INCR', 'kinds:n')).toBe(1)
  expect(await server.command('MGET', 'kinds:n', 'kinds:none')).toEqual(['1', null])
  await expect(server.command('INCR', 'kinds:a')).rejects.toThrow(ReplyError)
  expect(await sharedRedisServer()).toBe(server)
})

test('a reply of many chunks arrives complete', async () => {
  const server = await sharedRedisServer()
  const long = 'x'.repeat(3_000_000)
  await server.command('SET', 'long:a', long)
  expect(await server.command('GET', 'long:a')).toBe(long)
})

test('allows DEBUG', async () => {
  const server = await sharedRedisServer()
  expect(await server.command('DEBUG', 'JMAP').catch(String)).not.toContain('not allowed')
})

test('with an append-only file a key outlives SIGKILL', async () => {
  const server = await started({ appendOnly: true })
  const { pid, port } = server
  await server.command('SET', 'key', 'kept')
  await server.kill()
  expect(server.alive).toBe(false)
  await expect(server.command('PING')).rejects.toThrow('ECONNREFUSED')
  await server.restart()
  expect(server.pid).not.toBe(pid)
  expect(server.port).toBe(port)
  expect(await server.command('GET', 'key')).toBe('kept')
})

test('without an append-only file a key is lost', async () => {
  const server = await started()
  await server.command('SET', 'key', 'lost')
  await server.stop()
  await server.restart()
  expect(await server.command('GET', 'key')).toBeNull()
})

test('a paused server replies when it continues', async () => {
  const server = await started()
  server.pause()
  let answered = false
  const reply = server.command('INCR', 'n').then((value) => {
    answered = true
    return value
  })
  // Another server has replied meanwhile, often.
  const other = await sharedRedisServer()
  for (let round = 0; round < 20; round++) await other.command('PING')
  expect(answered).toBe(false)
  server.resume()
  expect(await reply).toBe(1)
})

test('a paused server can be stopped and killed', async () => {
  const server = await started()
  server.pause()
  await server.stop()
  await server.restart()
  server.pause()
  const reply = server.command('PING')
  const lost = expect(reply).rejects.toThrow()
  await server.kill()
  await lost
})

test('a replica follows its master', async () => {
  const master = await started()
  await master.command('SET', 'key', 'copied')
  const replica = await started({ replicaOf: master.port })
  await expect.poll(() => replica.command('GET', 'key')).toBe('copied')
  await expect(replica.command('SET', 'key', 'x')).rejects.toThrow('READONLY')
})

test('accepts lines of configuration', async () => {
  const server = await started({ config: { requirepass: 'secret', maxmemory: '64mb' } })
  expect(await server.command('CONFIG', 'GET', 'maxmemory')).toEqual(['maxmemory', '67108864'])
})

test('reports an error in the configuration and a port that is in use', async () => {
  await expect(RedisServer.start({ config: { 'no-such-line': 'x' } })).rejects.toThrow('no-such-line')
  const { port } = await sharedRedisServer()
  await expect(RedisServer.start({ port })).rejects.toThrow(/in use/i)
})

test('names the package to install if the binary is missing', async () => {
  vi.stubEnv('REDIS_SERVER', 'no-such-redis-server')
  onTestFinished(() => void vi.unstubAllEnvs())
  await expect(RedisServer.start()).rejects.toThrow('apt-get install redis-server')
})

test('remove deletes the folder, and closes the port', async () => {
  const server = await RedisServer.start()
  expect(existsSync(server.folder)).toBe(true)
  await server.remove()
  expect(existsSync(server.folder)).toBe(false)
  expect(() => server.pid).toThrow('does not run')
  await expect(server.command('PING')).rejects.toThrow('ECONNREFUSED')
})
