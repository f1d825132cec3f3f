import { defaultMaxValueBytes } from '../model/codec.ts'
import { type Duration, parseDuration } from '../model/duration.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { checkKnownOptions } from '../model/known-options.ts'
import { isSqliteUrl, sqlitePath } from './sqlite-path.ts'
import type { RetentionPolicy } from './store.ts'

/** How long ended runs are kept; after it they are removed with their journals. */
export interface RetentionOptions {
  /** Default 1 d. */
  completed?: Duration
  /** Default 30 d. */
  failed?: Duration
  /** Default 30 d. */
  cancelled?: Duration
  /** Default 30 d. */
  expired?: Duration
  /** At most this many ended runs, oldest removed first. Default 100,000. */
  maxEnded?: number
}

/** The store of runs and its options; the same for `connect` and `createWorker`. */
export interface StoreOptions {
  /** `sqlite:PATH`, or `redis://[user:password@]host:port[/database]`; `rediss://` over TLS. */
  url: string
  /** Redis: namespaces are isolated from each other. Default `durable-jobs`, or `?namespace=` of the URL. */
  namespace?: string
  /** Redis: instead of one in the URL; a function is called at each connect, for tokens that change. */
  password?: string | (() => string | Promise<string>)
  retention?: RetentionOptions
  /** Limit of an encoded input, step result or output. Default 1 MiB. */
  maxValueBytes?: number
  /**
   * Embedded store: `normal` (default) survives every kill of a process; a power cut may lose the last
   * transactions. `full` waits for the disk at each one.
   */
  synchronous?: 'normal' | 'full'
  /**
   * Redis: where an at-most-once intent must be before its body begins. `memory` (default) of the primary, `disk`: its
   * append-only file (Redis 7.2, Valkey), `replica`: one replica too.
   */
  confirm?: 'memory' | 'disk' | 'replica'
}

/** Checked, in milliseconds, nothing left out. The path of a `sqlite:` URL is absolute. */
export interface StoreConfig extends Readonly<Required<Omit<StoreOptions, 'password' | 'retention'>>> {
  readonly password: StoreOptions['password']
  readonly retention: RetentionPolicy
}

const defaultStoreUrl = 'sqlite:.durable-jobs/jobs.db'
const known = ['url', 'namespace', 'password', 'retention', 'maxValueBytes', 'synchronous', 'confirm']
const day = 86_400_000

/**
 * Returns the config of `store`; left out: `DURABLE_JOBS_STORE`, else `sqlite:.durable-jobs/jobs.db`.
 * @throws InvalidOptionsError naming the wrong option.
 */
export function parseStoreConfig(
  store: string | StoreOptions | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): StoreConfig {
  const options =
    typeof store === 'object' ? store : { url: store ?? environment.DURABLE_JOBS_STORE ?? defaultStoreUrl }
  checkKnownOptions(options, known, 'store')
  const { url, maxValueBytes = defaultMaxValueBytes, synchronous = 'normal', confirm = 'memory' } = options
  if (typeof url !== 'string' || url === '')
    throw new InvalidOptionsError("store.url: write 'sqlite:PATH' or 'redis://HOST:PORT'")
  if (!Number.isInteger(maxValueBytes) || maxValueBytes < 1) {
    throw new InvalidOptionsError(`store.maxValueBytes: ${maxValueBytes} is not a number of bytes`)
  }
  if (synchronous !== 'normal' && synchronous !== 'full') {
    throw new InvalidOptionsError(`store.synchronous: write 'normal' or 'full', not '${String(synchronous)}'`)
  }
  if (!['memory', 'disk', 'replica'].includes(confirm)) {
    throw new InvalidOptionsError(
      `store.confirm: write 'memory', 'disk' or 'replica', not '${String(confirm)}'`,
    )
  }
  return {
    url: isSqliteUrl(url) ? `sqlite:${sqlitePath(url)}` : url,
    namespace: parseNamespace(options.namespace ?? namespaceIn(url) ?? 'durable-jobs'),
    password: parsePassword(options.password),
    retention: parseRetention(options.retention ?? {}),
    maxValueBytes,
    synchronous,
    confirm,
  }
}

/** Allows a namespace where only an address fits: an environment variable, `--store`. */
function namespaceIn(url: string): string | undefined {
  if (!/^rediss?:/.test(url)) return undefined
  return URL.parse(url)?.searchParams.get('namespace') ?? undefined
}

function parseNamespace(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:-]{1,100}$/.test(value)) return value
  throw new InvalidOptionsError('store.namespace: use 1 to 100 letters, digits and . : _ -')
}

function parsePassword(value: unknown): StoreConfig['password'] {
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'function') return value as () => string | Promise<string>
  throw new InvalidOptionsError('store.password: use a string or a function that returns one')
}

function parseRetention(options: RetentionOptions): RetentionPolicy {
  checkKnownOptions(options, ['completed', 'failed', 'cancelled', 'expired', 'maxEnded'], 'store.retention')
  const ms = (name: 'completed' | 'failed' | 'cancelled' | 'expired', fallback: number): number =>
    options[name] === undefined ? fallback : parseDuration(options[name], `retention.${name}`)
  const maxEnded = options.maxEnded ?? 100_000
  if (!Number.isInteger(maxEnded) || maxEnded < 0) {
    throw new InvalidOptionsError(`retention.maxEnded: ${maxEnded} is not a number of runs`)
  }
  return {
    completedMs: ms('completed', day),
    failedMs: ms('failed', 30 * day),
    cancelledMs: ms('cancelled', 30 * day),
    expiredMs: ms('expired', 30 * day),
    maxEnded,
  }
}
