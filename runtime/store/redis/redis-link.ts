import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type Clock, endsWithin, pause } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import { messageOf } from '../../model/thrown.ts'
import type { StoreConfig } from '../store-config.ts'
import { parseRedisUrl, type RedisAddress } from './redis-address.ts'
import { meaningOf } from './reply-errors.ts'
import type { Script } from './script.ts'

type Client = Redis | Cluster
/** What a script answers: text and bytes as Buffers. */
export type Reply = Buffer | number | null | readonly Reply[]
export type Argument = string | number | Buffer

/** How long a call waits for a server that can't answer, all its attempts together. */
const patienceMs = 2_000
/** A connection that owes replies and is silent for this long is stalled: it is dropped, its calls go over the next. */
const longestReplyMs = 5_000
const connectTimeoutMs = 5_000
/** More calls than this waiting for a connection are refused at once. */
const mostWaiting = 10_000

/**
 * One connection to a server (or to the nodes of a cluster), that comes back by itself.
 * N1  A call ends within its patience, or one reply's time; it never queues without bound.
 * N2  A call whose reply was lost is sent again: every script may be repeated (S3).
 * N3  No error names a secret.
 */
export class RedisLink {
  readonly address: string
  readonly inCluster: boolean
  readonly #client: Client
  readonly #clock: Clock
  #underWay = 0
  #waiting = 0
  #closed = false
  #lastError: Error | undefined

  private constructor(client: Client, address: string, clock: Clock) {
    this.#client = client
    this.address = address
    this.inCluster = client instanceof Cluster
    this.#clock = clock
    // Each call that waits listens for the connection's return.
    client.setMaxListeners(0)
    client.on('error', (error: Error) => this.#note(error))
  }

  /** @param name Shown by CLIENT LIST. @throws StoreUnavailableError, InvalidOptionsError. */
  static async open(config: StoreConfig, name: string, clock: Clock): Promise<RedisLink> {
    const address = parseRedisUrl(config.url)
    const options = await optionsOf(config, address, name, clock)
    const single = new Redis({ ...options, lazyConnect: true })
    renewPassword(single, config)
    const link = new RedisLink(single, address.shown, clock)
    await link.#connect(single)
    try {
      await link.#refuseWrongDatabase(single, address)
      if (!(await link.info('server')).includes('redis_mode:cluster')) return link
    } catch (error) {
      // Else it would come back by itself, with no owner to close it.
      single.disconnect()
      throw error
    }
    await link.close()
    return RedisLink.#openCluster(config, address, options, clock)
  }

  static async #openCluster(
    config: StoreConfig,
    address: RedisAddress,
    options: LinkOptions,
    clock: Clock,
  ): Promise<RedisLink> {
    const { host, port, db: _, retryStrategy, enableOfflineQueue, ...redisOptions } = options
    const cluster = new Cluster([{ host, port }], {
      redisOptions,
      enableOfflineQueue,
      lazyConnect: true,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshTimeout: connectTimeoutMs,
      // The certificate names hosts; an address it was resolved to would not match it.
      ...(address.tls ? { dnsLookup: (name, callback) => callback(null, name) } : {}),
    })
    cluster.on('+node', (node: Redis) => renewPassword(node, config))
    const link = new RedisLink(cluster, address.shown, clock)
    await link.#connect(cluster)
    return link
  }

  /** The client library goes on in database 0 where the one asked for is not there. */
  async #refuseWrongDatabase(client: Redis, { database, shown }: RedisAddress): Promise<void> {
    if (database === 0) return
    try {
      await client.select(database)
    } catch (error) {
      throw new StoreUnavailableError(
        `${shown}: the server has no database ${database} (${(error as Error).message}); leave it out of the URL and use namespaces instead`,
      )
    }
  }

  async #connect(client: Client): Promise<void> {
    try {
      // A cluster says that it is ready after it has connected.
      const ready = new Promise<void>((resolve) => client.once('ready', resolve))
      const connected = client.connect().then(() => ready)
      if (!(await endsWithin(this.#clock, connected, connectTimeoutMs))) {
        this.#lastError ??= new Error(`not ready within ${connectTimeoutMs} ms`)
        throw this.#lastError
      }
    } catch (error) {
      client.disconnect()
      // What the connection said before it gave up tells more than that it gave up.
      this.#lastError ??= error as Error
      throw this.#unreachable()
    }
  }

  /** Calls `listener` after each reconnect. */
  onReconnect(listener: () => void): () => void {
    this.#client.on('ready', listener)
    return () => void this.#client.off('ready', listener)
  }

  /** Runs a script; its keys first, then the `more` keys it declares. @throws StoreUnavailableError, StoreFullError. */
  run(
    script: Script,
    keys: readonly string[],
    more: readonly string[],
    args: readonly Argument[],
  ): Promise<Reply> {
    return this.#persist(() =>
      this.#sendScript(script, [keys.length + more.length, ...keys, ...more, ...args]),
    )
  }

  /** Two commands right behind each other on one connection; answers what the second says. */
  async pair(
    first: readonly [string, ...Argument[]],
    second: readonly [string, ...Argument[]],
  ): Promise<Reply> {
    return this.#persist(async () => {
      const [, said] = await Promise.all([first, second].map(([name, ...args]) => this.#send(name, args)))
      return said ?? null
    })
  }

  /** A plain command. */
  command(name: string, ...args: Argument[]): Promise<Reply> {
    return this.#persist(() => this.#send(name, args))
  }

  async info(section: string): Promise<string> {
    return String(await this.command('INFO', section))
  }

  /** Calls `listener` with the channel of each message. */
  onMessage(listener: (channel: string) => void): void {
    this.#client.on('message', listener)
  }

  /** Hears a channel from now on, and again after each reconnect. */
  async subscribe(channel: string): Promise<void> {
    await this.#client.subscribe(channel)
  }

  unsubscribe(channel: string): void {
    if (this.#client.status === 'ready') this.#client.unsubscribe(channel).catch(() => undefined)
  }

  /** Waits for what is under way, then ends the connection. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    for (let waited = 0; this.#underWay > 0 && waited < patienceMs; waited += 5) await pause(this.#clock, 5)
    this.#client.disconnect()
  }

  async #sendScript(script: Script, args: readonly Argument[]): Promise<Reply> {
    try {
      return await this.#send('EVALSHA', [script.sha, ...args])
    } catch (error) {
      if (meaningOf(error as Error, this.address).kind !== 'load') throw error
      return this.#send('EVAL', [script.source, ...args])
    }
  }

  #send(name: string, args: readonly Argument[]): Promise<Reply> {
    return (this.#client as Redis).callBuffer(name, args as Argument[]) as Promise<Reply>
  }

  /** N1, N2. */
  async #persist(send: () => Promise<Reply>): Promise<Reply> {
    const start = this.#clock.elapsed()
    let sent = false
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw new StoreUnavailableError(`the connection to ${this.address} was closed`)
      if (this.#client.status === 'ready') {
        this.#underWay++
        try {
          return await send()
        } catch (error) {
          sent = true
          this.#judge(error as Error)
        } finally {
          this.#underWay--
        }
      }
      const left = patienceMs - (this.#clock.elapsed() - start)
      if (left <= 0) throw this.#unreachable(sent)
      await this.#waitABit(attempt, left)
    }
  }

  /** Throws unless the same call may be sent again. */
  #judge(error: Error): void {
    const meaning = meaningOf(error, this.address)
    if (meaning.kind === 'refused') throw meaning.error
    this.#note(error)
    if (meaning.kind === 'elsewhere' && this.#client instanceof Redis) this.#client.disconnect(true)
  }

  /** The library's own words for a connection that is not there say nothing of why. */
  #note(error: Error): void {
    const tells = error.name !== 'MaxRetriesPerRequestError' && !error.message.startsWith('Stream isn')
    if (tells) this.#lastError = error
  }

  async #waitABit(attempt: number, leftMs: number): Promise<void> {
    if (this.#waiting >= mostWaiting) throw this.#unreachable()
    this.#waiting++
    const back = new AbortController()
    const ready = (): void => back.abort()
    const isDown = this.#client.status !== 'ready'
    this.#client.once('ready', ready)
    const pauseMs = isDown
      ? leftMs
      : Math.min(leftMs, 5 * 2 ** Math.min(attempt, 6) * (0.5 + this.#clock.random()))
    await pause(this.#clock, pauseMs, back.signal)
    this.#client.off('ready', ready)
    this.#waiting--
  }

  #unreachable(sent = false): StoreUnavailableError {
    const error = this.#lastError
    const meaning = error && meaningOf(error, this.address)
    if (meaning?.kind === 'refused' && StoreUnavailableError.is(meaning.error)) return meaning.error
    const outcome = sent ? '; what was asked may have been carried out: repeat it with the same id' : ''
    return new StoreUnavailableError(
      `${this.address} can't be reached: ${error ? problemOf(error) : 'not connected'}${outcome}`,
    )
  }
}

function problemOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code
  return error.message || code || error.name
}

type LinkOptions = Omit<RedisOptions, 'replyMapping' | 'himportFieldsets'> & {
  readonly host: string
  readonly port: number
  readonly enableOfflineQueue: boolean
  readonly retryStrategy: (times: number) => number
}

async function optionsOf(
  config: StoreConfig,
  address: RedisAddress,
  name: string,
  clock: Clock,
): Promise<LinkOptions> {
  const password = await passwordOf(config, address)
  return {
    host: address.host,
    port: address.port,
    db: address.database,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(password === undefined ? {} : { password }),
    ...(address.tls ? { tls: {} } : {}),
    protocol: 2 as const,
    connectionName: name,
    connectTimeout: connectTimeoutMs,
    socketTimeout: longestReplyMs,
    keepAlive: 10_000,
    // Calls wait and are repeated here (N1), not in the library.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Wakeups does: where the library's own attempt fails, nobody catches that, and the process ends.
    autoResubscribe: false,
    // Many workers that lost one server must not come back in one moment.
    retryStrategy: (times) => Math.min(2_000, 10 * 2 ** Math.min(times, 8)) * (0.5 + clock.random()),
  }
}

async function passwordOf(config: StoreConfig, address: RedisAddress): Promise<string | undefined> {
  const { password = address.password } = config
  if (typeof password !== 'function') return password
  try {
    return await password()
  } catch (cause) {
    const reason = messageOf(cause)
    throw new StoreUnavailableError(`${address.shown}: the function store.password failed: ${reason}`, {
      cause,
    })
  }
}

/** A password that changes is asked for again when a connection has ended, before the next one begins. */
function renewPassword(client: Redis, { password }: StoreConfig): void {
  if (typeof password !== 'function') return
  client.on('close', async () => {
    try {
      client.options.password = await password()
    } catch {
      // The next connection is tried with the old one; when that ends, this is asked again.
    }
  })
}
