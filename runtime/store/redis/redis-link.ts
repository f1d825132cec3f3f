import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { type Clock, endsWithin, pause } from '../../model/clock.ts'
import { DurableJobsError } from '../../model/durable-jobs-error.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import { messageOf } from '../../model/thrown.ts'
import type { StoreConfig } from '../store-config.ts'
import { namingCommand } from './missing-permission.ts'
import { ReconnectPace } from './reconnect-pace.ts'
import { parseRedisUrl, type RedisAddress } from './redis-address.ts'
import { connectionTrouble, meaningOf, refusesBeforeWork } from './reply-errors.ts'
import type { Script } from './script.ts'

type Client = Redis | Cluster
/** A script's reply: text and bytes as Buffers. */
export type Reply = Buffer | number | null | readonly Reply[]
export type Argument = string | number | Buffer

/** How long a call waits for a server that can't reply, all its attempts together. */
const patienceMs = 2_000
/** A connection that owes replies and is silent for this long is stalled: it is dropped, its calls use the next one. */
const maxReplyMs = 5_000
const connectTimeoutMs = 5_000
/** How often a loading server is polled, whatever it announces itself. */
const loadingCheckMs = 1_000
/** More calls than this waiting for a connection are refused at once. */
const maxWaiting = 10_000
/** The library's message for a command without a connection. */
const notSent = /^(Stream|Cluster) isn't /

/**
 * One connection to a server (or to the nodes of a cluster), which reconnects by itself.
 * N1  A call ends within its patience, or one reply's time; it never queues without bound.
 * N2  A call whose reply was lost is sent again: every script may be repeated (S3).
 * N3  No error names a secret.
 * N4, N5  How often it connects: see ReconnectPace.
 */
export class RedisLink {
  readonly address: string
  readonly inCluster: boolean
  readonly #namespace: string
  readonly #client: Client
  readonly #clock: Clock
  readonly #pace: ReconnectPace
  /** Counts connections: of the calls that fail on one, the first replaces it. */
  #connection = 0
  #underWay = 0
  #waiting = 0
  readonly #closed = new AbortController()
  #lastError: Error | undefined
  /** Whether the server can restrict a script to reading (Redis 7.0), and permits it to this user. */
  #hasReadOnlyCalls = false

  private constructor(client: Client, address: RedisAddress, { namespace, clock, pace, over }: LinkDeps) {
    this.#client = client
    this.#namespace = namespace
    this.address = address.shown
    this.inCluster = client instanceof Cluster
    this.#clock = clock
    this.#pace = pace
    // Each waiting call listens for the connection's return.
    client.setMaxListeners(0)
    client.on('error', (error: Error) => this.#note(error))
    if (client instanceof Redis) onGreeting(client, (error) => this.#note(error))
    client.on('ready', () => {
      this.#connection++
      pace.ready()
    })
    over?.addEventListener('abort', () => this.#end(), { once: true, signal: this.#closed.signal })
    if (over?.aborted) this.#end()
  }

  /**
   * @param name Shown by CLIENT LIST.
   * @param over Closes the link when it aborts, even while it opens.
   * @throws StoreUnavailableError, InvalidOptionsError.
   */
  static async open(config: StoreConfig, name: string, clock: Clock, over?: AbortSignal): Promise<RedisLink> {
    const address = parseRedisUrl(config.url)
    const pace = new ReconnectPace(clock)
    const options = await optionsOf(config, address, name, pace)
    const single = new Redis({ ...options, lazyConnect: true })
    renewPassword(single, config)
    const deps = { namespace: config.namespace, clock, pace, over }
    const link = new RedisLink(single, address, deps)
    await link.#connect(single)
    try {
      await link.#refuseWrongDatabase(single, address)
      const info = await link.info('server')
      link.#hasReadOnlyCalls = hasReadOnlyCalls(info)
      if (!info.includes('redis_mode:cluster')) return link
    } catch (error) {
      // Otherwise it would reconnect by itself, with no owner to close it.
      single.disconnect()
      throw error
    }
    await link.close()
    const cluster = await RedisLink.#openCluster(config, address, options, deps)
    cluster.#hasReadOnlyCalls = link.#hasReadOnlyCalls
    return cluster
  }

  static async #openCluster(
    config: StoreConfig,
    address: RedisAddress,
    options: LinkOptions,
    deps: LinkDeps,
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
    const link = new RedisLink(cluster, address, deps)
    await link.#connect(cluster)
    return link
  }

  /** The client library continues in database 0 if the requested one does not exist. */
  async #refuseWrongDatabase(client: Redis, { database, shown }: RedisAddress): Promise<void> {
    if (database === 0) return
    try {
      await client.select(database)
    } catch (error) {
      throw new StoreUnavailableError(
        `${shown}: the server has no database ${database} (${(error as Error).message}); leave it out of the URL and use namespaces instead`,
        { kind: 'unsupported' },
      )
    }
  }

  async #connect(client: Client): Promise<void> {
    try {
      if (this.#closed.signal.aborted) throw this.#closedError()
      // A cluster is ready only after it has connected.
      const ready = new Promise<void>((resolve) => client.once('ready', resolve))
      const connected = Promise.race([client.connect().then(() => ready), this.#whenClosed()])
      if (!(await endsWithin(this.#clock, connected, connectTimeoutMs))) {
        this.#lastError ??= new Error(`not ready within ${connectTimeoutMs} ms`)
        throw this.#lastError
      }
    } catch (error) {
      client.disconnect()
      if (this.#closed.signal.aborted) throw this.#closedError()
      // The connection's last error says more than the fact that it gave up.
      this.#lastError ??= error as Error
      throw this.#unreachable()
    }
  }

  /** Rejects when the link is closed, which may be before the library notices. */
  #whenClosed(): Promise<never> {
    return new Promise((_, reject) => {
      this.#closed.signal.addEventListener('abort', () => reject(this.#closedError()), { once: true })
    })
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
    return this.persist(script.sha, () => this.attempt(script, keys, more, args))
  }

  /** Makes one attempt of `run`, for calls that share it. Rejects with the error of the server or the connection. */
  attempt(
    script: Script,
    keys: readonly string[],
    more: readonly string[],
    args: readonly Argument[],
  ): Promise<Reply> {
    return this.#sendScript(script, [keys.length + more.length, ...keys, ...more, ...args])
  }

  /** Returns whether the error of an attempt concerns the server or the network, and not the call itself. */
  isOutage(error: Error): boolean {
    if (DurableJobsError.is(error)) return true
    const meaning = this.#meaningOf(error)
    return meaning.kind !== 'refused' || StoreUnavailableError.is(meaning.error)
  }

  /**
   * Repeats an attempt until it gets a reply or a refusal, or its time is over (N1, N2).
   * @param call Names the call, for the pace of reconnects.
   * @throws StoreUnavailableError, StoreFullError.
   */
  async persist<T>(call: string, send: () => Promise<T>): Promise<T> {
    const start = this.#clock.elapsed()
    let sent = false
    if (this.#closed.signal.aborted) throw this.#closedError()
    for (let attempt = 0; ; attempt++) {
      if (this.#client.status === 'ready') {
        const connection = this.#connection
        this.#underWay++
        try {
          const reply = await send()
          this.#succeeded(call)
          return reply
        } catch (error) {
          if (this.#judge(error as Error, call, connection) === 'perhaps done') sent = true
        } finally {
          this.#underWay--
        }
      }
      if (this.#closed.signal.aborted) throw this.#closedError(sent)
      const left = patienceMs - (this.#clock.elapsed() - start)
      if (left <= 0) throw this.#unreachable(sent)
      await this.#waitABit(attempt, left)
      if (this.#closed.signal.aborted) throw this.#closedError(sent)
    }
  }

  /** Sends two commands right after each other on one connection; returns the reply to the second. */
  async pair(
    first: readonly [string, ...Argument[]],
    second: readonly [string, ...Argument[]],
  ): Promise<Reply> {
    return this.persist(first[0], async () => {
      const [, said] = await Promise.all([first, second].map(([name, ...args]) => this.#send(name, args)))
      return said ?? null
    })
  }

  /** Sends a plain command. */
  command(name: string, ...args: Argument[]): Promise<Reply> {
    return this.persist(name, () => this.#send(name, args))
  }

  async info(section: string): Promise<string> {
    return String(await this.command('INFO', section))
  }

  /** Calls `listener` with the channel and the text of each message. */
  onMessage(listener: (channel: string, message: string) => void): void {
    this.#client.on('message', listener)
  }

  /** Subscribes to a channel from now on, and again after each reconnect. */
  async subscribe(channel: string): Promise<void> {
    await this.#client.subscribe(channel)
  }

  unsubscribe(channel: string): void {
    if (this.#client.status === 'ready') this.#client.unsubscribe(channel).catch(() => undefined)
  }

  /** Waits a while for calls in flight, then ends the connection. Calls that wait for a connection fail at once. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return
    this.#closed.abort()
    for (let waited = 0; this.#underWay > 0 && waited < patienceMs; waited += 5) await pause(this.#clock, 5)
    this.#client.disconnect()
  }

  /** Ends the connection, and the calls in flight with it. */
  #end(): void {
    this.#closed.abort()
    this.#client.disconnect()
  }

  async #sendScript(script: Script, args: readonly Argument[]): Promise<Reply> {
    try {
      if (!script.readOnly || !this.#hasReadOnlyCalls) return await this.#evaluate(script, args, calls)
      return await this.#evaluate(script, args, readOnlyCalls)
    } catch (error) {
      throw namingCommand(error as Error, script.source)
    }
  }

  async #evaluate(
    script: Script,
    args: readonly Argument[],
    [bySha, bySource]: ScriptCommands,
  ): Promise<Reply> {
    try {
      return await this.#send(bySha, [script.sha, ...args])
    } catch (error) {
      if (this.#meaningOf(error as Error).kind === 'load')
        return this.#send(bySource, [script.source, ...args])
      // A rule for ACL users that was made for a release before this one.
      if (bySha === calls[0] || !isRefusalOf(bySha, error as Error)) throw error
      return this.#evaluate(script, args, calls).then(
        (reply) => {
          this.#hasReadOnlyCalls = false
          return reply
        },
        (second) => {
          throw isRefusalOf(calls[0], second) ? error : second
        },
      )
    }
  }

  #meaningOf(error: Error): ReturnType<typeof meaningOf> {
    return meaningOf(error, this.address, this.#namespace)
  }

  #send(name: string, args: readonly Argument[]): Promise<Reply> {
    return (this.#client as Redis).callBuffer(name, args as Argument[]) as Promise<Reply>
  }

  #succeeded(call: string): void {
    this.#pace.succeeded(call)
    this.#lastError = undefined
  }

  /** Throws unless the same call may be sent again. */
  #judge(error: Error, call: string, connection: number): 'perhaps done' | 'not done' {
    // A call that the previous attempt made has recorded its error already.
    if (DurableJobsError.is(error)) throw error
    const meaning = this.#meaningOf(error)
    if (meaning.kind === 'refused') throw meaning.error
    this.#note(error)
    if (meaning.kind === 'load') return 'not done'
    // Unless another call has replaced the connection that this one used.
    const isCurrent = connection === this.#connection && this.#client.status === 'ready'
    if (
      meaning.kind === 'elsewhere' &&
      isCurrent &&
      this.#client instanceof Redis &&
      this.#pace.mayReplace(call)
    ) {
      this.#client.disconnect(true)
    }
    return refusesBeforeWork.has(meaning.trouble.kind) || notSent.test(error.message)
      ? 'not done'
      : 'perhaps done'
  }

  /** The library's own messages for a missing connection don't give the reason. */
  #note(error: Error): void {
    const tells =
      error.name !== 'MaxRetriesPerRequestError' &&
      !notSent.test(error.message) &&
      !error.message.startsWith('Connection is closed')
    // The server's error before the break says more than the break itself.
    const broke = /^(EPIPE|ECONNRESET)$/.test((error as NodeJS.ErrnoException).code ?? '')
    if (tells && !(broke && this.#lastError?.message.startsWith('ERR '))) this.#lastError = error
  }

  async #waitABit(attempt: number, leftMs: number): Promise<void> {
    if (this.#waiting >= maxWaiting) throw this.#unreachable()
    this.#waiting++
    const back = new AbortController()
    const ready = (): void => back.abort()
    this.#closed.signal.addEventListener('abort', ready, { once: true })
    const isDown = this.#client.status !== 'ready'
    this.#client.once('ready', ready)
    const pauseMs = isDown
      ? leftMs
      : Math.min(leftMs, 5 * 2 ** Math.min(attempt, 6) * (0.5 + this.#clock.random()))
    await pause(this.#clock, pauseMs, back.signal)
    this.#client.off('ready', ready)
    this.#closed.signal.removeEventListener('abort', ready)
    this.#waiting--
  }

  #unreachable(sent = false): StoreUnavailableError {
    const error = this.#lastError
    const meaning = error && this.#meaningOf(error)
    if (meaning?.kind === 'refused' && StoreUnavailableError.is(meaning.error)) return meaning.error
    const trouble = meaning && 'trouble' in meaning ? meaning.trouble : connectionTrouble(error)
    const problem = error === undefined ? 'the connection was closed' : problemOf(error)
    return new StoreUnavailableError(
      `${this.address} ${trouble.what}: ${problem}; ${trouble.advice}${outcomeOf(sent)}`,
      { kind: trouble.kind, cause: error },
    )
  }

  #closedError(sent = false): StoreUnavailableError {
    return new StoreUnavailableError(
      `the connection to ${this.address} was closed by this process; connect again${outcomeOf(sent)}`,
      { kind: 'closed' },
    )
  }
}

/** How a script is called: by its hash, by its source. */
type ScriptCommands = readonly [bySha: string, bySource: string]
const calls: ScriptCommands = ['EVALSHA', 'EVAL']
const readOnlyCalls: ScriptCommands = ['EVALSHA_RO', 'EVAL_RO']

function hasReadOnlyCalls(info: string): boolean {
  return Number(/^redis_version:(\d+)/m.exec(info)?.[1]) >= 7
}

/** Whether an ACL forbids the user this command itself. */
function isRefusalOf(command: string, { message }: Error): boolean {
  return message.startsWith('NOPERM') && message.includes(`'${command.toLowerCase()}'`)
}

interface LinkDeps {
  readonly namespace: string
  readonly clock: Clock
  readonly pace: ReconnectPace
  readonly over: AbortSignal | undefined
}

function outcomeOf(sent: boolean): string {
  return sent ? '; what was asked may have been carried out: repeat it with the same id' : ''
}

function problemOf(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code
  const text = error.message || code || error.name
  // Additions of the client library and the server about themselves.
  return text.replace(/\. Please report this\.$|\.? script: \w+, on @.*$/, '')
}

type LinkOptions = Omit<RedisOptions, 'replyMapping' | 'himportFieldsets'> & {
  readonly host: string
  readonly port: number
  readonly enableOfflineQueue: boolean
  readonly retryStrategy: () => number
}

async function optionsOf(
  config: StoreConfig,
  address: RedisAddress,
  name: string,
  pace: ReconnectPace,
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
    socketTimeout: maxReplyMs,
    maxLoadingRetryTime: loadingCheckMs,
    keepAlive: 10_000,
    // Calls wait and are repeated here (N1), not in the library.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Wakeups does: if the library's own attempt fails, its rejection is unhandled, and the process ends.
    autoResubscribe: false,
    // Many workers that lost one server must not come back in one moment.
    retryStrategy: () => pace.nextConnectionMs(),
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
      kind: 'login',
      cause,
    })
  }
}

/**
 * Reports an error that the server sends before the first command, as when it has too many clients: the library takes
 * it for the reply to a command of its handshake, and drops it.
 */
function onGreeting(client: Redis, tell: (error: Error) => void): void {
  client.on('connect', () => {
    client.stream.once('data', (chunk: Buffer) => {
      const [, message] = /^-(ERR max number of clients[^\r]*)/.exec(chunk.toString('latin1', 0, 100)) ?? []
      if (message !== undefined) tell(new Error(message))
    })
  })
}

/** A changing password is fetched again when a connection has ended, before the next one begins. */
function renewPassword(client: Redis, { password }: StoreConfig): void {
  if (typeof password !== 'function') return
  client.on('close', async () => {
    try {
      client.options.password = await password()
    } catch {
      // The next connection is tried with the old one; when that ends, this is called again.
    }
  })
}
