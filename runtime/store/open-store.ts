import { type Clock, systemClock } from '../model/clock.ts'
import { StoreCodeError } from '../model/errors.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import type { EngineDeps, Preparation } from './preparation.ts'
import { shownUrl } from './shown-url.ts'
import type { Store } from './store.ts'
import type { StoreConfig } from './store-config.ts'

/** How a store is opened; a test sets the first two. */
export interface StoreDeps {
  readonly clock?: Clock
  /** Replaces the wall clock of the store's host or server. */
  readonly storeNow?: () => number
  /** Replaces the measure of elapsed time. Default: `storeNow`, which then never jumps. */
  readonly storeElapsed?: () => number
  /** Whether a missing store is created. Default true. */
  readonly create?: boolean
  /** Default `at once`. */
  readonly prepare?: Preparation
}

type Opener = (config: StoreConfig, deps: EngineDeps) => Promise<Store>

const redis: Opener = async (config, deps) => {
  const { openRedisStore } = await import('./redis/redis-store.ts').catch((cause: unknown) => {
    throw new StoreCodeError('redis', cause)
  })
  return openRedisStore(config, deps)
}

/** Engines by URL scheme; each loads on use, so that users of one don't load the others. */
const engines: Readonly<Record<string, Opener>> = {
  sqlite: async (config, deps) =>
    (await import('./embedded/embedded-store.ts')).openEmbeddedStore(config, deps),
  redis,
  rediss: redis,
}

/**
 * Opens the store behind a URL.
 * @throws InvalidOptionsError for an unknown scheme, StoreUnavailableError, StoreFormatError, and StoreCodeError if a
 * bundler left out a part of an engine.
 */
export async function openStore(config: StoreConfig, deps: StoreDeps = {}): Promise<Store> {
  const scheme = /^([a-z]+):/.exec(config.url)?.[1]
  const open = scheme === undefined ? undefined : engines[scheme]
  if (open === undefined) {
    const schemes = Object.keys(engines).map((name) => `${name}:`)
    throw new InvalidOptionsError(
      `store: no engine for '${shownUrl(config.url)}'; the address begins with ${schemes.join(', ')}`,
    )
  }
  const { clock = systemClock, storeNow, storeElapsed = storeNow, create = true, prepare = 'at once' } = deps
  return open(config, { clock, storeNow, storeElapsed, create, prepare })
}
