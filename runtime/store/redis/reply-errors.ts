import { brandErrors } from '../../model/durable-jobs-error.ts'
import { StoreFullError, StoreUnavailableError } from '../../model/errors.ts'
import type { StoreOutageKind } from '../../model/store-outage.ts'
import { missingPermission } from './missing-permission.ts'

/** What happened and what to do about it, as the part of a message after the server's address. */
export interface Trouble {
  readonly kind: StoreOutageKind
  readonly what: string
  readonly advice: string
}

/**
 * The consequence of an error for a call.
 * - `again`: the server can't reply now; the same call may succeed in a moment
 * - `elsewhere`: this connection leads to the wrong server; reconnect, then send it again
 * - `load`: the server does not know the script; send its source
 * - `refused`: it will be refused every time
 */
type ErrorMeaning =
  | { readonly kind: 'again' | 'elsewhere'; readonly trouble: Trouble }
  | { readonly kind: 'load' }
  | { readonly kind: 'refused'; readonly error: Error }

/** An ACL forbids the user this call. */
export class ForbiddenError extends StoreUnavailableError {}

brandErrors({ ForbiddenError })

type Meaning = (message: string, address: string, namespace: string) => ErrorMeaning

function again(kind: StoreOutageKind, what: string, advice: string): Meaning {
  return () => ({ kind: 'again', trouble: { kind, what, advice } })
}

const moving = again(
  'cluster',
  'is moving the keys of this namespace to another node',
  'wait until it is done',
)

/** By the first word of a server's error. */
const meanings: Readonly<Record<string, Meaning>> = {
  // Before a failover is known to all, and while a server starts or runs a slow script.
  LOADING: again('loading', 'is loading its data', 'wait until it has'),
  BUSY: again(
    'busy',
    'is busy with a slow script',
    'see SLOWLOG GET; SCRIPT KILL ends a script that only reads',
  ),
  TRYAGAIN: moving,
  MOVED: moving,
  ASK: moving,
  CLUSTERDOWN: again('cluster', 'is a cluster that is down', 'see CLUSTER INFO: every slot needs a node'),
  MASTERDOWN: again('primary gone', 'is a replica without its primary', 'give the address of the primary'),
  NOREPLICAS: again(
    'too few replicas',
    'has fewer replicas than min-replicas-to-write and refuses writes',
    'attach replicas, or lower min-replicas-to-write',
  ),
  UNBLOCKED: again('busy', 'ended a call before its time', 'try again'),
  READONLY: () => ({
    kind: 'elsewhere',
    trouble: {
      kind: 'read-only',
      what: 'is a read-only replica',
      advice: 'promote it, or give the address of the primary',
    },
  }),
  NOSCRIPT: () => ({ kind: 'load' }),
  OOM: (_, address) => ({
    kind: 'refused',
    error: new StoreFullError(
      `${address} has reached its maxmemory and takes on nothing new; give it more memory, remove ended runs (durable-jobs remove ID), or shorten the retention of the workers`,
    ),
  }),
  MISCONF: (message, address) =>
    refused('not saving', `${address} can't save to its disk and refuses writes: ${message}`),
  NOAUTH: (_, address) =>
    refused(
      'login',
      `${address} asks for a password; write redis://:PASSWORD@HOST, redis://USER:PASSWORD@HOST, or store.password`,
    ),
  WRONGPASS: (_, address) => refused('login', `${address} refused the user name or password`),
  NOPERM: (message, address, namespace) => ({
    kind: 'refused',
    error: new ForbiddenError(`${address}: ${missingPermission(message, namespace)} (${message})`, {
      kind: 'forbidden',
    }),
  }),
}

/** Conditions in which a server refuses a call before it has done anything of it. */
export const refusesBeforeWork: ReadonlySet<StoreOutageKind> = new Set([
  ...(['read-only', 'loading', 'primary gone', 'too few replicas', 'too many clients'] as const),
])

function refused(kind: StoreOutageKind, message: string): ErrorMeaning {
  return { kind: 'refused', error: new StoreUnavailableError(message, { kind }) }
}

/** @param address The server as it may be shown. */
export function meaningOf(error: Error, address: string, namespace: string): ErrorMeaning {
  const [word = ''] = error.message.split(' ')
  const known = meanings[word]
  if (known !== undefined) return known(error.message, address, namespace)
  // A script wraps the error of a command inside it.
  const inside = /(?:^|[ :-])(OOM|READONLY|MISCONF|NOREPLICAS|TRYAGAIN|CLUSTERDOWN|MASTERDOWN) /.exec(
    error.message,
  )?.[1]
  const forbidden = /user executing the script can't|no permissions? to/i.test(error.message)
  const meaning = meanings[forbidden ? 'NOPERM' : (inside ?? '')]
  if (meaning !== undefined) return meaning(error.message, address, namespace)
  const trouble = connectionTrouble(error)
  // The server reported it, not the network.
  if (error.name === 'ReplyError' && trouble.kind !== 'too many clients') return { kind: 'refused', error }
  return { kind: 'again', trouble }
}

/** The text in the message or the code of an error of the connection, the first that matches. */
const connectionTroubles: readonly (readonly [RegExp, StoreOutageKind, advice: string])[] = [
  [
    /max number of clients/,
    'too many clients',
    'raise maxclients, or close connections: CLIENT LIST shows whose they are',
  ],
  [/ENOTFOUND|EAI_/, 'unreachable', 'check the name of the host'],
  [/ECONNREFUSED/, 'unreachable', 'check that the server runs, and its host and port'],
  [
    /CERT|altname|self.signed|unable to (get|verify)/i,
    'certificate',
    'the certificate must name this host; for a private CA set NODE_EXTRA_CA_CERTS before Node starts',
  ],
  [/ERR_SSL|EPROTO|ERR_TLS/, 'protocol', 'write redis:// for a port without TLS'],
  [
    /Unknown RESP type|Protocol error/,
    'protocol',
    'the port is no Redis, or wants TLS: then write rediss://',
  ],
  [
    /Socket timeout|not ready within/,
    'silent',
    'the server hangs, a firewall swallows packets, or the port is no Redis or expects no TLS',
  ],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'unreachable', 'check the way to the server, and its firewall'],
]

/** Classifies an error of a connection, or its absence. */
export function connectionTrouble(error: Error | undefined): Trouble {
  const { code = '' } = (error ?? {}) as NodeJS.ErrnoException
  const text = error === undefined ? '' : `${code} ${error.message}`
  const [, kind = 'unreachable', advice = 'check that it runs, and whether the port wants TLS'] =
    connectionTroubles.find(([pattern]) => pattern.test(text)) ?? []
  return { kind, what: "can't be reached", advice }
}
