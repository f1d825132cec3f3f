import { InvalidOptionsError } from '../../model/invalid-options-error.ts'

/** A server's address and credentials, from a URL. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly database: number
  readonly tls: boolean
  /** Without secrets. */
  readonly shown: string
}

/** @throws InvalidOptionsError naming the wrong part, never the password. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.parse(text)
  // An @ after the host: the part before it belongs to a password that is not encoded.
  if (url === null || url.hostname === '' || /@|%40/.test(url.pathname + url.search + url.hash)) {
    throw new InvalidOptionsError(
      'store.url: this is no redis:// URL; write redis://[user:password@]host:port[/database], and @ : / # in a password as %40 %3A %2F %23',
    )
  }
  const strange = [...url.searchParams.keys()].find((name) => name !== 'namespace')
  if (strange !== undefined)
    throw new InvalidOptionsError(`store.url: '?${strange}=' is not known; only namespace is`)
  const database = url.pathname.length > 1 ? Number(url.pathname.slice(1)) : 0
  if (!Number.isInteger(database) || database < 0) {
    throw new InvalidOptionsError(`store.url: '${url.pathname.slice(1)}' is no database number`)
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = url.port === '' ? 6379 : Number(url.port)
  return {
    host,
    port,
    username: url.username === '' ? undefined : decoded(url.username),
    password: url.password === '' ? undefined : decoded(url.password),
    database,
    tls: url.protocol === 'rediss:',
    shown: `${url.protocol}//${url.hostname}:${port}${database === 0 ? '' : `/${database}`}`,
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new InvalidOptionsError('store.url: the user name or password is not URL-encoded (% alone is %25)')
  }
}
