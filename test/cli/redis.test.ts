import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Keys } from '../../runtime/store/redis/keys.ts'
import type { StoreCheck } from '../../runtime/store/store.ts'
import type { Finished } from '../support/processes/cli-process.ts'
import { freePort } from '../support/redis/free-port.ts'
import { RedisCluster } from '../support/redis/redis-cluster.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { CommandLine, holdFile, jobFile } from './command-line.ts'

const password = 'p@ss/w:rd#1%'
const encoded = encodeURIComponent(password)

/** A command line that never prints the password. */
class DiscreetCommandLine extends CommandLine {
  override async run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Finished> {
    return withoutPassword(await super.run(args, env))
  }
}

function withoutPassword(finished: Finished): Finished {
  for (const text of [finished.stdout, finished.stderr]) {
    expect(text).not.toContain(password)
    expect(text).not.toContain(encoded)
  }
  return finished
}

interface RunsJson {
  readonly runs: readonly { readonly id: string; readonly state: string }[]
}

interface DoctorJson {
  readonly checks: readonly StoreCheck[]
}

const cli = new DiscreetCommandLine()
/** Configured as in docs/redis.md, with a password. */
let sound: RedisServer
let careless: RedisServer
let replica: RedisServer
/** Its memory will be full, and its disk is written when the system likes. */
let full: RedisServer
let demo: Promise<Finished>

beforeAll(async () => {
  ;[sound, careless, full] = await Promise.all([
    RedisServer.start({
      appendOnly: true,
      config: { 'maxmemory-policy': 'noeviction', maxmemory: '256mb', requirepass: password },
    }),
    RedisServer.start({ config: { 'maxmemory-policy': 'allkeys-lru' } }),
    RedisServer.start({
      appendOnly: true,
      config: { 'maxmemory-policy': 'volatile-lru', appendfsync: 'no' },
    }),
  ])
  replica = await RedisServer.start({ replicaOf: careless.port })
  // Watched by the last test.
  demo = cli.run(['demo', '--store', store('demo')])
  await cli.ok('enqueue', jobFile, 'silent', '--store', store('durable-jobs'))
})

afterAll(async () => {
  await cli.dispose()
  await Promise.all([sound, careless, replica, full].map((server) => server.remove()))
})

/** The sound server's address, with its password. */
function store(namespace: string): string {
  return `redis://:${encoded}@127.0.0.1:${sound.port}?namespace=${namespace}`
}

function shown(namespace: string): string {
  return `redis://127.0.0.1:${sound.port} namespace ${namespace}`
}

describe('doctor', () => {
  const names = [
    'server',
    'format',
    'eviction',
    'memory',
    'durability',
    'replicas',
    'scripts',
    'clock',
    'latency',
    'clock jumps',
    'workers',
    'connections',
    'queues',
    'paused',
    'deadlocks',
    'counters',
    'leader',
    'schedules',
  ]

  async function checksOf(url: string, code: 0 | 1, env = {}): Promise<Readonly<Record<string, StoreCheck>>> {
    const finished = await cli.run(['doctor', '--json', '--store', url], env)
    expect(finished).toMatchObject({ code, stderr: '' })
    const { checks } = JSON.parse(finished.stdout) as DoctorJson
    expect(checks.map(({ name }) => name)).toEqual(names)
    return Object.fromEntries(checks.map((check) => [check.name, check]))
  }

  test('a correctly configured server: no problem found', async () => {
    await cli.ok('enqueue', jobFile, 'silent', '--id', 'gone', '--store', store('fresh'))
    await cli.ok('cancel', 'gone', '--store', store('fresh'))
    const text = await cli.ok('doctor', '--store', store('fresh'))
    expect(text).toContain(`store         ${shown('fresh')}\n`)
    expect(text).toMatch(/\nfine {5}eviction {6}noeviction\n/)
    expect(text).toMatch(/\nfine {5}memory {8}\d+ MiB of 256 MiB used\n/)
    expect(text).toMatch(/\nfine {5}durability {4}append-only file, appendfsync everysec\n/)
    expect(text).toMatch(/\n\nno problem found\n$/)
  })

  test('an evicting policy is a fault, no append-only file and no memory limit are warnings: exit 1', async () => {
    await cli.ok('enqueue', jobFile, 'silent', '--store', careless.url)
    const { code, stdout, stderr } = await cli.run(['doctor', '--store', careless.url])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const below = `\n${' '.repeat(23)}to do: `
    expect(stdout).toContain(
      `fault    eviction      allkeys-lru${below}set maxmemory-policy noeviction: this one deletes runs when memory runs out\n`,
    )
    expect(stdout).toContain(
      `warning  durability    no append-only file: a restart loses all runs since the last snapshot${below}set appendonly yes and appendfsync everysec\n`,
    )
    expect(stdout).toContain(
      `${below}set maxmemory, so that a full machine refuses new runs instead of killing the server\n`,
    )
    expect(stdout).toMatch(/\n\n2 faults, 2 warnings\n$/)
  })

  test('full memory is a fault, appendfsync no is a warning; new runs are refused, existing ones joined', async () => {
    await cli.ok('enqueue', jobFile, 'silent', '--id', 'one', '--store', full.url)
    await full.command('CONFIG', 'SET', 'maxmemory', '1mb')
    const { memory, durability, eviction } = await checksOf(full.url, 1)
    expect(memory).toMatchObject({
      verdict: 'fault',
      found: expect.stringMatching(/^\d+ MiB of 1 MiB used: new runs are refused$/),
      remedy: 'give it more memory, or shorten the retention',
    })
    expect(eviction).toMatchObject({ verdict: 'warning', found: 'volatile-lru' })
    expect(durability).toMatchObject({ verdict: 'warning', remedy: 'set appendfsync everysec' })
    expect(durability?.found).toContain('(appendfsync no)')
    const enqueue = ['enqueue', jobFile, 'silent', '--store', full.url]
    expect(await cli.refused(1, enqueue)).toBe(
      `${full.url} has reached its maxmemory and takes on nothing new; give it more memory, remove ended runs (durable-jobs remove ID), or shorten the retention of the workers`,
    )
    expect(await cli.run([...enqueue, '--id', 'one'])).toMatchObject({ code: 0, stdout: 'one\n' })
    expect((await cli.json<RunsJson>('runs', '--store', full.url)).runs.map(({ id }) => id)).toEqual(['one'])
  })

  test('a clock one minute ahead', async () => {
    const ahead = 'const now = Date.now; Date.now = () => now() + 60_000'
    const { clock } = await checksOf(store('durable-jobs'), 1, {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}`,
    })
    expect(clock).toMatchObject({ verdict: 'warning', found: expect.stringMatching(/^-(59|60)\d+ ms/) })
    expect(clock?.remedy).toContain('run NTP on both')
  })

  test('a user without permission to publish', async () => {
    await sound.command('ACL', 'SETUSER', 'mute', 'on', `>${password}`, '~*', '+@all', 'resetchannels')
    const { scripts } = await checksOf(store('durable-jobs').replace('//:', '//mute:'), 1)
    expect(scripts).toMatchObject({
      verdict: 'fault',
      found: expect.stringContaining('publish'),
      remedy: 'give this user the commands, keys and channels that docs/redis.md lists',
    })
  })

  test('a dead worker and the runs it holds, until another worker runs', async () => {
    const url = store('lost')
    const worker = await cli.work(holdFile, '--name', 'w1', '--store', url)
    await cli.ok('enqueue', holdFile, 'hold', '--id', 'held', '--store', url)
    await worker.said('holding')
    withoutPassword(await worker.kill('SIGKILL'))
    // Its lease ends now and not in ten seconds.
    const leases = new Keys('lost').of('leases')
    const [lease = ''] = (await sound.command('ZRANGE', leases, '0', '-1')) as string[]
    await sound.command('ZADD', leases, 'XX', '1', lease)
    const { workers } = await checksOf(url, 1)
    expect(workers).toEqual({
      name: 'workers',
      verdict: 'fault',
      found: '0 live, 1 dead, holding 1 run',
      remedy: 'start a worker: it takes them over',
    })
    expect(await cli.ok('workers', '--store', url)).toMatch(/\nw1 .* 1\/10 +lost /)
    expect(await cli.ok('show', 'held', '--store', url)).toMatch(
      /^next {6}its worker is dead, start another one: durable-jobs work FILE --store 'redis:\/\/:\*\*\*@/m,
    )
  })

  test('in a cluster, inspects the node that holds the namespace', async () => {
    const cluster = await RedisCluster.start({ config: { 'maxmemory-policy': 'noeviction' } })
    try {
      const owner = cluster.ownerOf(cluster.slotOf(new Keys('durable-jobs').of('meta')))
      const others = cluster.nodes.filter((node) => node !== owner)
      const url = others[0]?.url ?? ''
      await cli.ok('enqueue', jobFile, 'silent', '--store', url)
      await Promise.all(others.map((node) => node.command('CONFIG', 'SET', 'maxmemory', '123mb')))
      await owner.command('CONFIG', 'SET', 'maxmemory', '77mb', 'maxmemory-policy', 'allkeys-lfu')
      const { server, memory, eviction } = await checksOf(url, 1)
      expect(server?.found).toMatch(/, a cluster$/)
      expect(eviction).toMatchObject({ verdict: 'fault', found: 'allkeys-lfu' })
      expect(memory?.found).toMatch(/of 77 MiB used$/)
    } finally {
      await Promise.all(cluster.nodes.map((node) => node.remove()))
    }
  })
})

describe('an unusable server: one line, exit 1, no password', () => {
  /** `doctor` looks at it. */
  const refusal = (url: string): Promise<string> => cli.refused(1, ['doctor', '--store', url])

  test('a wrong password, none, and an unknown user', async () => {
    const server = `redis://127.0.0.1:${sound.port}`
    const [wrong, none, user] = await Promise.all([
      refusal(`redis://:not${encoded}@127.0.0.1:${sound.port}`),
      refusal(server),
      refusal(`redis://ana:${encoded}@127.0.0.1:${sound.port}`),
    ])
    expect(wrong).toBe(`${server} refused the user name or password`)
    expect(user).toBe(wrong)
    expect(none).toBe(
      `${server} asks for a password; write redis://:PASSWORD@HOST, redis://USER:PASSWORD@HOST, or store.password`,
    )
  })

  test('an unencoded password and other wrong addresses: exit 2', async () => {
    const refused = (url: string): Promise<string> => cli.refused(2, ['runs', '--store', url])
    expect(await refused(`redis://:${password}@127.0.0.1:${sound.port}`)).toContain(
      'write redis://[user:password@]host:port[/database], and @ : / # in a password as %40 %3A %2F %23',
    )
    const [database, query, namespace] = await Promise.all([
      refused(`redis://:${encoded}@127.0.0.1/jobs`),
      refused(`redis://:${encoded}@127.0.0.1?cluster=true`),
      refused(`redis://:${encoded}@127.0.0.1?namespace=my%20jobs`),
    ])
    expect(database).toBe("store.url: 'jobs' is no database number")
    expect(query).toBe("store.url: '?cluster=' is not known; only namespace is")
    expect(namespace).toBe('store.namespace: use 1 to 100 letters, digits and . : _ -')
  })

  test('a missing database, a closed port, an unknown host', async () => {
    const port = await freePort()
    const [database, closed, nowhere] = await Promise.all([
      refusal(`redis://:${encoded}@127.0.0.1:${sound.port}/99`),
      refusal(`redis://:${encoded}@127.0.0.1:${port}`),
      refusal(`redis://:${encoded}@nowhere.invalid`),
    ])
    expect(database).toMatch(
      /^redis:\/\/127\.0\.0\.1:\d+\/99: the server has no database 99 \(.*\); leave it/,
    )
    expect(closed).toBe(
      `redis://127.0.0.1:${port} can't be reached: connect ECONNREFUSED 127.0.0.1:${port}; check that the server runs, and its host and port`,
    )
    expect(nowhere).toMatch(/^redis:\/\/nowhere\.invalid:6379 can't be reached: getaddrinfo /)
  })

  test('a read-only replica: prints the address of its primary', async () => {
    expect(await refusal(replica.url)).toBe(
      `${replica.url} is a read-only replica; give the address of its primary (127.0.0.1)`,
    )
  })

  test('a format of a newer version', async () => {
    await sound.command('HSET', new Keys('newer').of('meta'), 'format', '99')
    const commands = [['doctor'], ['enqueue', jobFile, 'silent'], ['work', jobFile]]
    const messages = await Promise.all(
      commands.map((command) => cli.refused(1, [...command, '--store', store('newer')])),
    )
    expect(new Set(messages)).toEqual(
      new Set([
        `namespace 'newer' of redis://127.0.0.1:${sound.port} has format 99, this durable-jobs reads up to 1; upgrade the package`,
      ]),
    )
  })

  test('commands that only read or act don’t create a missing namespace', async () => {
    for (const command of [['doctor'], ['pause', 'mails']]) {
      expect(await cli.refused(1, [...command, '--store', store('typo')])).toBe(
        `there is no store in namespace 'typo' of redis://127.0.0.1:${sound.port}; name another one, or start a worker, which makes it`,
      )
    }
    expect(await sound.command('EXISTS', new Keys('typo').of('meta'))).toBe(0)
  })
})

describe('commands', () => {
  test('a failed run: show and retry print the next command without the password', async () => {
    const at = ['--store', store('work')]
    const worker = await cli.work(jobFile, '--name', 'w1', ...at)
    const enqueue = ['enqueue', jobFile, 'import-file', ...at, '--wait', '--id']
    const [good, bad] = await Promise.all([
      cli.run([...enqueue, 'good', '{"file":"a.csv"}']),
      cli.run([...enqueue, 'bad', '{"file":"bad.csv"}']),
    ])
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('rows: 2') })
    expect(bad).toMatchObject({ code: 1, stderr: expect.stringContaining('row 7 has no email') })
    expect(await cli.ok('show', 'bad', ...at)).toContain(
      `durable-jobs retry bad --store 'redis://:***@127.0.0.1:${sound.port}?namespace=work'\n`,
    )
    // An address of the environment is in force for the next command too.
    const { stdout } = await cli.run(['show', 'bad'], { DURABLE_JOBS_STORE: store('work') })
    expect(stdout).toMatch(/^next .*: durable-jobs retry bad$/m)
    expect(await cli.ok('retry', 'bad', ...at)).toMatch(
      /^run bad is ready again; it will\n {2}run again\n {4}check/,
    )
    expect(await cli.ok('workers', ...at)).toMatch(/\nw1 .* working /)
    expect(await cli.ok('drain', 'w1', ...at)).toContain('worker w1 is draining')
    expect(withoutPassword(await worker.finished)).toMatchObject({ code: 0, stderr: '' })
    expect((await cli.run(['workers', ...at])).stderr).toBe(
      `no live worker in ${shown('work')}; start one: durable-jobs work FILE --store 'redis://:***@127.0.0.1:${sound.port}?namespace=work'\n`,
    )
  })

  test('runs, queues, pause, resume, cancel and remove', async () => {
    const at = ['--store', store('acts')]
    await cli.ok('enqueue', jobFile, 'slow', '--id', 'one', '--tag', 'eu', ...at)
    await cli.ok('enqueue', jobFile, 'silent', '--id', 'two', '--delay', '1h', ...at)
    const { runs } = await cli.json<RunsJson>('runs', ...at)
    expect(runs.map(({ id, state }) => [id, state])).toEqual([
      ['two', 'scheduled'],
      ['one', 'ready'],
    ])
    expect(await cli.ok('pause', 'slowly', '--by', 'ana', ...at)).toMatch(
      /^queue slowly is paused; .*:\*\*\*@/,
    )
    expect(await cli.ok('queues', ...at)).toMatch(/\nslowly +1 .*by ana \(.+ ago\)\n/)
    expect(await cli.ok('resume', 'slowly', ...at)).toBe('queue slowly runs again\n')
    expect(await cli.ok('cancel', 'one', ...at)).toBe('run one is cancelled\n')
    expect(await cli.ok('remove', 'one', ...at)).toBe('run one is removed\n')
    const unknown = await cli.refused(1, ['show', 'one', ...at])
    expect(unknown).toContain(`(${shown('acts')})`)
  })

  test('namespaces are isolated', async () => {
    await cli.ok('enqueue', jobFile, 'silent', '--id', 'here', '--store', store('here'))
    const { runs } = await cli.json<RunsJson>('runs', '--store', store('durable-jobs'))
    expect(runs.map(({ id }) => id)).not.toContain('here')
  })
})

test('demo runs on a server and retains its run there', async () => {
  const { code, stdout, stderr } = await demo
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).not.toContain('✗')
  expect(stdout).toMatch(
    /durable-jobs show \S+ --store 'redis:\/\/:\*\*\*@127\.0\.0\.1:\d+\?namespace=demo'\n$/,
  )
  const run = /durable-jobs show (\S+)/.exec(stdout)?.[1] ?? ''
  expect(await cli.ok('show', run, '--store', store('demo'))).toMatch(/^state {5}completed$/m)
})
