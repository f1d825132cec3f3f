import type { Clock } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import { messageOf } from '../../model/thrown.ts'
import type { StoreCheck } from '../store.ts'
import type { Keys } from './keys.ts'
import type { RedisLink, Reply } from './redis-link.ts'
import { ForbiddenError } from './reply-errors.ts'
import { redisFormat, scriptFrom } from './script.ts'

const oldestServer = { Redis: [6, 2], Valkey: [7, 2] } as const
const farClockMs = 1_000
const slowReplyMs = 5
const fullShare = 0.8

/** Returns the checks of `doctor` for a server: the facts that decide whether runs can be lost or delayed. */
export async function checkServer(link: RedisLink, keys: Keys, clock: Clock): Promise<StoreCheck[]> {
  const info = await serverFacts(link, keys)
  return [
    version(info),
    await format(link, keys),
    eviction(info),
    memory(info),
    await durability(link, info),
    replicas(info),
    await scripts(link, keys),
    await clockOffset(link, keys, clock),
    await latency(link, keys, clock),
  ]
}

type Facts = ReadonlyMap<string, string>

/** INFO as field -> value. A user without the permission gets fields as unknown. */
async function serverFacts(link: RedisLink, keys: Keys): Promise<Facts> {
  const sections = ['server', 'memory', 'persistence', 'replication']
  const texts = await Promise.all(
    sections.map((section) => askOwner(link, keys, 'INFO', section).catch(() => '')),
  )
  return factsOf(texts.join('\r\n'))
}

/** A command without a key goes to any node of a cluster; inside a script with a key, to the one that has the namespace. */
function askOwner(link: RedisLink, keys: Keys, ...command: readonly string[]): Promise<Reply> {
  const [name = '', ...args] = command
  return link.inCluster ? link.run(anyCommand, [keys.of('meta')], [], command) : link.command(name, ...args)
}

const reads = { keys: ['meta'], timed: false, readOnly: true } as const
const writes = { ...reads, readOnly: false } as const
const anyCommand = scriptFrom('return redis.call(unpack(ARGV))', reads)

function factsOf(text: string): Facts {
  const lines = text.split('\r\n')
  return new Map(lines.filter((line) => line.includes(':')).map((line) => splitOnce(line)))
}

function splitOnce(line: string): [string, string] {
  const at = line.indexOf(':')
  return [line.slice(0, at), line.slice(at + 1)]
}

/** @throws StoreUnavailableError when the server is known to be too old: scripts would fail half-way. */
export async function refuseOldServer(link: RedisLink): Promise<void> {
  const facts = factsOf(await link.info('server'))
  const { verdict, found, remedy } = version(facts)
  if (verdict === 'fault' && facts.has('redis_version'))
    throw new StoreUnavailableError(`${link.address} is ${found}; ${remedy}`, { kind: 'unsupported' })
}

function version(facts: Facts): StoreCheck {
  const name = facts.has('valkey_version') ? 'Valkey' : 'Redis'
  const found = facts.get('valkey_version') ?? facts.get('redis_version') ?? 'unknown'
  const mode = facts.get('redis_mode') === 'cluster' ? ', a cluster' : ''
  const [major = 0, minor = 0] = found.split('.').map(Number)
  const [least, leastMinor] = oldestServer[name]
  const check = { name: 'server', found: `${name} ${found}${mode}` }
  return major > least || (major === least && minor >= leastMinor)
    ? { ...check, verdict: 'fine' }
    : { ...check, verdict: 'fault', remedy: `use ${name} ${least}.${leastMinor} or newer` }
}

async function format(link: RedisLink, keys: Keys): Promise<StoreCheck> {
  const found = Number(await link.command('HGET', keys.of('meta'), 'format'))
  return found === redisFormat
    ? { name: 'format', verdict: 'fine', found: `version ${found}` }
    : { name: 'format', verdict: 'fault', found: `version ${found}`, remedy: 'upgrade durable-jobs' }
}

/** No key of a run has an expiry: policies that take only such keys leave runs alone. */
function eviction(facts: Facts): StoreCheck {
  const found = facts.get('maxmemory_policy') ?? 'unknown'
  if (found === 'noeviction') return { name: 'eviction', verdict: 'fine', found }
  const deletesRuns = found.startsWith('allkeys')
  return {
    name: 'eviction',
    verdict: deletesRuns ? 'fault' : 'warning',
    setup: true,
    found,
    remedy: deletesRuns
      ? 'set maxmemory-policy noeviction: this one deletes runs when memory runs out'
      : 'set maxmemory-policy noeviction: no other one is made for keys that must stay',
  }
}

function memory(facts: Facts): StoreCheck {
  const used = Number(facts.get('used_memory') ?? 0)
  const limit = Number(facts.get('maxmemory') ?? 0)
  const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`
  if (limit === 0) {
    return setupWarning(
      'memory',
      `${mib(used)} used, no limit`,
      'set maxmemory, so that a full machine refuses new runs instead of killing the server',
    )
  }
  const found = `${mib(used)} of ${mib(limit)} used`
  if (used < limit * fullShare) return { name: 'memory', verdict: 'fine', found }
  const remedy = 'give it more memory, or shorten the retention'
  return used < limit
    ? { name: 'memory', verdict: 'warning', found, remedy }
    : { name: 'memory', verdict: 'fault', found: `${found}: new runs are refused`, remedy }
}

async function durability(link: RedisLink, facts: Facts): Promise<StoreCheck> {
  const name = 'durability'
  const enabled = facts.get('aof_enabled')
  if (enabled === undefined) return setupWarning(name, 'unknown', 'see docs/redis.md for your platform')
  if (enabled !== '1') {
    return setupWarning(
      name,
      'no append-only file: a restart loses all runs since the last snapshot',
      'set appendonly yes and appendfsync everysec',
    )
  }
  const policy = link.inCluster ? undefined : await configOf(link, 'appendfsync')
  if (facts.get('aof_last_write_status') === 'err') {
    return { name, verdict: 'fault', found: 'the append-only file can’t be written', remedy: 'free its disk' }
  }
  if (policy === 'no') {
    return setupWarning(
      name,
      'append-only file, written when the system likes (appendfsync no)',
      'set appendfsync everysec',
    )
  }
  return { name, verdict: 'fine', found: `append-only file, appendfsync ${policy ?? 'not told'}` }
}

function setupWarning(name: string, found: string, remedy: string): StoreCheck {
  return { name, verdict: 'warning', setup: true, found, remedy }
}

/** A managed server forbids CONFIG; in a cluster the caller can't choose the node that replies. */
async function configOf(link: RedisLink, name: string): Promise<string | undefined> {
  const reply = (await link.command('CONFIG', 'GET', name).catch(() => [])) as readonly Reply[]
  return reply[1] === undefined ? undefined : String(reply[1])
}

function replicas(facts: Facts): StoreCheck {
  const count = Number(facts.get('connected_slaves') ?? 0)
  const found = count === 0 ? 'none: when this machine is lost, so are its runs' : `${count} connected`
  return { name: 'replicas', verdict: 'fine', found }
}

const readProbe = scriptFrom(
  "return #cmsgpack.pack({ 1 }) + #struct.pack('>I6', 1) + #redis.call('TIME')",
  reads,
)
/** A user without the channels would fail after the writes of a script. */
const publishProbe = scriptFrom("return redis.call('PUBLISH', ARGV[1], '')", writes)
/** Changes nothing: there is no such field. */
const writeProbe = scriptFrom("return redis.call('HDEL', KEYS[1], 'probe')", writes)

async function scripts(link: RedisLink, keys: Keys): Promise<StoreCheck> {
  const name = 'scripts'
  const meta = [keys.of('meta')]
  const remedy = 'give this user the commands, keys and channels that docs/redis.md lists'
  const fault = (error: unknown): StoreCheck => ({ name, verdict: 'fault', found: messageOf(error), remedy })
  try {
    await link.run(readProbe, meta, [], [])
  } catch (error) {
    return fault(error)
  }
  try {
    await link.run(publishProbe, meta, [], [keys.changesChannel])
    return { name, verdict: 'fine', found: 'run, with struct, cmsgpack, TIME and PUBLISH' }
  } catch (error) {
    // Only then: a user who may publish is to leave no refusal in ACL LOG.
    const writes = await link.run(writeProbe, meta, [], []).catch((refusal: unknown) => refusal)
    return ForbiddenError.is(writes)
      ? { name, verdict: 'fine', found: 'run, with struct, cmsgpack and TIME; this user may only read' }
      : fault(error)
  }
}

async function clockOffset(link: RedisLink, keys: Keys, clock: Clock): Promise<StoreCheck> {
  const before = clock.now()
  const [seconds, micros] = (await askOwner(link, keys, 'TIME')) as Reply[]
  const middle = (before + clock.now()) / 2
  const offset = Math.round(Number(seconds) * 1_000 + Number(micros) / 1_000 - middle)
  const check = { name: 'clock', found: `${offset} ms from this host's` }
  if (Math.abs(offset) < farClockMs) return { ...check, verdict: 'fine' }
  const remedy =
    'run NTP on both; runs are safe, but instants that callers name are taken by the server’s clock'
  return { ...check, verdict: 'warning', remedy }
}

async function latency(link: RedisLink, keys: Keys, clock: Clock): Promise<StoreCheck> {
  const times: number[] = []
  for (let i = 0; i < 9; i++) {
    const start = clock.elapsed()
    await askOwner(link, keys, 'PING')
    times.push(clock.elapsed() - start)
  }
  const median = times.sort((a, b) => a - b)[4] ?? 0
  const check = { name: 'latency', found: `${median.toFixed(2)} ms per round trip` }
  if (median < slowReplyMs) return { ...check, verdict: 'fine' }
  const remedy =
    'each step costs a round trip: run workers in the zone of the server, and look for slow commands of others'
  return { ...check, verdict: 'warning', remedy }
}
