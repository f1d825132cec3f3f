import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { connect, type StoreOptions } from '../../sdk/index.ts'
import { RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { FrameReader } from '../support/redis/resp.ts'
import { Crew } from './crew.ts'

const password = 'p@ss:w/rd#%?&'
const encoded = encodeURIComponent(password)
let locked: RedisServer
/** The output of the process beside its logs. */
const written: string[] = []

beforeAll(async () => {
  locked = await RedisServer.start({ config: { requirepass: password } })
  for (const method of ['log', 'warn', 'error', 'info'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => void written.push(inspect(words)))
  }
})

afterAll(() => locked.remove())

/** The error that opening a store ends with. */
async function refusal(store: string | StoreOptions): Promise<Error> {
  try {
    await (await connect(store)).close()
  } catch (error) {
    return error as Error
  }
  throw new Error(`${inspect(store)} was opened`)
}

/** No visible part of an error, at any depth, contains one of the secrets. */
function expectNoSecret(shown: unknown, secrets: readonly string[] = [password, encoded]): void {
  const error = shown instanceof Error ? [shown.message, shown.stack, JSON.stringify(shown)] : []
  const text = [inspect(shown, { depth: 20, showHidden: true, getters: true }), ...error, ...written].join(
    '\n',
  )
  for (const secret of secrets) expect(text).not.toContain(secret)
}

/** A server whose replies `answer` returns; for undefined it sends nothing. */
async function pretender(answer: (command: readonly string[]) => string | undefined): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const reader = new FrameReader()
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      for (const { value } of reader.push(chunk)) {
        const text = answer((value as unknown[]).map(String))
        if (text !== undefined) socket.write(text)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}

test('a closed port, an unknown host', async () => {
  const url = 'redis://127.0.0.1:1'
  expect(await refusal(url)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: `${url} can't be reached: connect ECONNREFUSED 127.0.0.1:1; check that the server runs, and its host and port`,
  })
  expect(await refusal(`redis://:${encoded}@nowhere.invalid`)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/^redis:\/\/nowhere\.invalid:6379 can't be reached: getaddrinfo /),
  })
})

test('a server that never replies', async () => {
  const error = await refusal((await pretender(() => undefined)).replace('//', `//:${encoded}@`))
  expect(error).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/can't be reached: .*5000/),
  })
  expectNoSecret(error)
})

test('a server that isn’t Redis', async () => {
  const error = await refusal(await pretender(() => 'HTTP/1.1 400 Bad Request\r\n\r\n'))
  expect(error).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/can't be reached/),
  })
  expect(error.message).not.toMatch(/enableOfflineQueue|maxRetriesPerRequest/)
})

test.each([
  ['an old Redis', 'redis_version:5.0.14', /is Redis 5\.0\.14; use Redis 6\.2 or newer/],
  [
    'an old Valkey',
    'redis_version:7.2.4\r\nvalkey_version:7.0.1',
    /is Valkey 7\.0\.1; use Valkey 7\.2 or newer/,
  ],
])('%s', async (_, version, message) => {
  const info = `# Server\r\n${version}\r\nredis_mode:standalone\r\nrole:master\r\n`
  const url = await pretender(([name]) => (name?.toUpperCase() === 'INFO' ? bulk(info) : '+OK\r\n'))
  expect(await refusal(url)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(message),
  })
})

test('a missing password, a wrong one, one of a wrong user, and one whose function throws', async () => {
  const at = `127.0.0.1:${locked.port}`
  expect(await refusal(`redis://${at}`)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: `redis://${at} asks for a password; write redis://:PASSWORD@HOST, redis://USER:PASSWORD@HOST, or store.password`,
  })
  const wrong = `${password}?`
  const refused = { code: 'STORE_UNAVAILABLE', message: `redis://${at} refused the user name or password` }
  for (const store of [
    `redis://:${encodeURIComponent(wrong)}@${at}`,
    `redis://ana:${encoded}@${at}`,
    { url: `redis://${at}`, password: wrong },
    { url: `redis://${at}`, password: () => wrong },
  ]) {
    const error = await refusal(store)
    expect(error).toMatchObject(refused)
    expectNoSecret(error)
  }
  const failing = () => Promise.reject(new Error('the vault is sealed'))
  expect(await refusal({ url: `redis://${at}`, password: failing })).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: `redis://${at}: the function store.password failed: the vault is sealed`,
  })
})

test('the right password, in each place it can be set', async () => {
  const at = `127.0.0.1:${locked.port}`
  for (const store of [
    `redis://:${encoded}@${at}`,
    `redis://default:${encoded}@${at}`,
    { url: `redis://${at}`, password },
    { url: `redis://:wrong@${at}`, password: async () => password },
  ]) {
    const jobs = await connect(store)
    await jobs.resumeQueue('any')
    expect(await jobs.inspector.queues()).toEqual([])
    expectNoSecret(jobs)
    expectNoSecret(await jobs.inspector.checks())
    expectNoSecret(jobs.inspector.address)
    await jobs.close()
  }
})

test('a database that doesn’t exist or isn’t a number', async () => {
  const { url } = await sharedRedisServer()
  expect(await refusal(`${url}/99`)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/no database 99 .* use namespaces instead/),
  })
  for (const wrong of ['x', '-1', '1.5']) {
    expect(await refusal(`${url}/${wrong}`)).toMatchObject({ code: 'INVALID_OPTIONS' })
  }
  const inThree = await connect(`${url}/3`)
  expect(inThree.inspector.address).toContain('/3')
  await inThree.close()
  expect(await (await sharedRedisServer()).command('EXISTS', new Keys('durable-jobs').of('meta'))).toBe(0)
})

test('a read-only replica', async () => {
  const primary = await sharedRedisServer()
  const replica = await RedisServer.start({ replicaOf: primary.port })
  onTestFinished(() => replica.remove())
  expect(await refusal(replica.url)).toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: `${replica.url} is a read-only replica; give the address of its primary (127.0.0.1)`,
  })
})

test('a namespace written by a newer version', async () => {
  const server = await sharedRedisServer()
  await server.command('HSET', new Keys('newer').of('meta'), 'format', '99')
  expect(await refusal({ url: server.url, namespace: 'newer' })).toMatchObject({
    code: 'STORE_FORMAT',
    message: expect.stringMatching(/namespace 'newer' .* has format 99.*upgrade the package/),
  })
})

test('an invalid address or option: the error names it, and no part of a password', async () => {
  const secrets = ['s3cret', 'gehe1m']
  for (const url of [
    'redis:',
    'redis://',
    'redis://:s3cret',
    'redis://host:99999',
    'redis://user:12/s3cret@host:6379',
    'redis://user:12?s3cret@host:6379',
    'redis://user:12#s3cret@host:6379',
    'redis://:s3cret/gehe1m@host',
    'redis://user:s3cret%gehe1m@host',
    'redis://host?cluster=true',
    'Redis://:s3cret@host',
    'redis5://user:s3cret/gehe1m@host',
  ]) {
    const error = await refusal(url)
    expect(error, url).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(/^store/) })
    expectNoSecret(error, secrets)
  }
  const { url } = await sharedRedisServer()
  const wrong = [
    { namespace: 'a b' },
    { namespace: '' },
    { namespace: '{a}' },
    { password: 12 },
    { passwort: 's3cret' },
  ]
  for (const options of wrong) {
    const error = await refusal({ url, ...options } as StoreOptions)
    expect(error).toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringMatching(/^store/) })
    expectNoSecret(error, secrets)
  }
})

test('a server that may evict runs is a fault to the doctor and to each worker that starts', async () => {
  const server = await RedisServer.start({
    config: { 'maxmemory-policy': 'allkeys-lru', maxmemory: '100mb' },
  })
  onTestFinished(() => server.remove())
  const jobs = await connect(server.url)
  onTestFinished(() => jobs.close())
  await jobs.resumeQueue('any')
  expect(await jobs.inspector.checks()).toContainEqual(
    expect.objectContaining({
      name: 'eviction',
      verdict: 'fault',
      found: 'allkeys-lru',
      remedy: expect.stringContaining('set maxmemory-policy noeviction'),
    }),
  )
  const crew = await Crew.open(server.url)
  await crew.hire(server.url)
  const said = (): string | undefined => crew.lines.find((line) => line.includes('the store has a fault'))
  await vi.waitUntil(() => said() !== undefined)
  expect(said()).toMatch(/eviction.*noeviction/)
})

test('a worker that can’t start logs the reason, without the password', async () => {
  const at = `127.0.0.1:${locked.port}`
  const crew = await Crew.open((await sharedRedisServer()).url)
  const wrong = `redis://:${encodeURIComponent(`${password}!`)}@${at}`
  const error = await crew.hire(wrong).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expectNoSecret([error, crew.lines])
})

test('a password that changes is requested again, and work continues', async () => {
  const passwords = ['first#1/secret', 'second#2/secret']
  const old = await RedisServer.start({ appendOnly: true, config: { requirepass: passwords[0] ?? '' } })
  onTestFinished(() => old.remove())
  let asked = 0
  let current = passwords[0] ?? ''
  const store = {
    password: () => {
      asked++
      return current
    },
  }
  const crew = await Crew.open(old.url, store)
  await crew.hire(old.url, { store })
  const held = await crew.client.enqueue(crew.jobs.held, undefined)
  await crew.bodyLog.until(({ path }) => path === 'held')
  const askedBefore = asked

  await old.stop()
  const { port, folder } = old
  const config = { requirepass: passwords[1] ?? '' }
  const renewed = await RedisServer.start({ port, folder, appendOnly: true, config })
  onTestFinished(() => renewed.remove())
  // Refused with the old one, again and again.
  await expect.poll(() => asked).toBeGreaterThan(askedBefore + 3)
  current = passwords[1] ?? ''
  const answers = () => crew.client.inspector.queues().then(() => true)
  await expect.poll(() => answers().catch(() => false)).toBe(true)
  crew.gate.open()
  expect(await held.result({ timeout: '2m' })).toBe('after')
  expect(await crew.losses([held.id])).toBe(0)
  await crew.stopWorkers()
  expectNoSecret(crew.lines, passwords)
})
