import { StoreFormatError, StoreUnavailableError } from '../../model/errors.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { StoreConfig } from '../store-config.ts'
import { refuseOldServer } from './checks.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './redis-link.ts'
import { redisFormat } from './script.ts'

/**
 * The namespace of one connection: whether it exists, and in a format that this version reads.
 * NS1  Opening and reading write nothing. The first call that writes creates a missing namespace, unless it may not.
 * NS2  A missing namespace can't be read: an empty result would look like lost runs.
 */
export class Namespace {
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #config: StoreConfig
  readonly #create: boolean
  #isThere = false
  #isPrepared = false
  #preparing: Promise<void> | undefined

  private constructor(link: RedisLink, keys: Keys, config: StoreConfig, create: boolean) {
    this.#link = link
    this.#keys = keys
    this.#config = config
    this.#create = create
  }

  /** @throws StoreUnavailableError, StoreFormatError. */
  static async open(link: RedisLink, keys: Keys, config: StoreConfig, create: boolean): Promise<Namespace> {
    await refuseOldServer(link)
    await refuseReplica(link)
    const namespace = new Namespace(link, keys, config, create)
    if (!(await namespace.#look()) && !create) throw namespace.#missing()
    return namespace
  }

  /** Whether this connection may report what it notices by itself: it was used to write before. */
  get isPrepared(): boolean {
    return this.#isPrepared
  }

  /** Returns nothing when the namespace is known to exist. @throws StoreUnavailableError when it does not. */
  forReading(): Promise<void> | undefined {
    return this.#isThere ? undefined : this.#read()
  }

  /** Returns nothing when the namespace is known to be ready for writes; else prepares it. */
  forWriting(): Promise<void> | undefined {
    if (this.#isPrepared) return undefined
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = undefined
    })
    return this.#preparing
  }

  async #read(): Promise<void> {
    if (!(await this.#look())) throw this.#missing()
  }

  async #prepare(): Promise<void> {
    await refuseConfirm(this.#link, this.#config)
    if (!this.#isThere && !(await this.#look())) {
      if (!this.#create) throw this.#missing()
      const meta = this.#keys.of('meta')
      const made = await this.#link.command('HSETNX', meta, 'format', redisFormat)
      // A namespace without runs has the right counters: none.
      if (made === 1) await this.#link.command('HSETNX', meta, 'recountedAt', 0)
      this.#isThere = true
    }
    this.#isPrepared = true
  }

  /** @throws StoreFormatError for a namespace of a newer version. */
  async #look(): Promise<boolean> {
    const found = await this.#link.command('HGET', this.#keys.of('meta'), 'format')
    if (found === null) return false
    if (Number(found) > redisFormat) {
      throw new StoreFormatError(
        `namespace '${this.#config.namespace}' of ${this.#link.address} has format ${found}, this durable-jobs reads up to ${redisFormat}; upgrade the package`,
      )
    }
    this.#isThere = true
    return true
  }

  #missing(): StoreUnavailableError {
    return new StoreUnavailableError(
      `there is no store in namespace '${this.#config.namespace}' of ${this.#link.address}; name another one, or start a worker, which makes it`,
      { kind: 'missing' },
    )
  }
}

async function refuseReplica(link: RedisLink): Promise<void> {
  const replication = await link.info('replication')
  if (!/^role:slave/m.test(replication)) return
  throw new StoreUnavailableError(
    `${link.address} is a read-only replica; give the address of its primary (${/^master_host:(\S+)/m.exec(replication)?.[1]})`,
    { kind: 'read-only' },
  )
}

/** An option that could never confirm anything is refused before a run depends on it. */
async function refuseConfirm(link: RedisLink, { confirm }: StoreConfig): Promise<void> {
  if (confirm === 'memory') return
  if (link.inCluster) {
    throw new InvalidOptionsError(
      "store.confirm: a cluster can't be asked on the connection that wrote; leave it out, or use one primary with replicas",
    )
  }
  if (confirm === 'replica') return
  try {
    await link.command('WAITAOF', 1, 0, 1)
  } catch (error) {
    if (StoreUnavailableError.is(error)) throw error
    throw new InvalidOptionsError(
      `store.confirm: 'disk' needs Redis 7.2 or Valkey, with appendonly yes (${(error as Error).message})`,
    )
  }
}
