import { readFileSync, statfsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { Clock } from '../../model/clock.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import type { HostClocks } from '../clock-watch.ts'
import type { Sql } from './database.ts'
import { StoreClock } from './store-clock.ts'

interface HostClockDeps {
  readonly clock: Clock
  readonly storeNow: (() => number) | undefined
  readonly storeElapsed: (() => number) | undefined
}

/** Returns the host's clocks, or the ones that a test injects. */
export function hostClocks({ clock, storeNow, storeElapsed }: HostClockDeps): HostClocks {
  return {
    wall: storeNow ?? (() => clock.now()),
    monotonic: storeElapsed ?? (() => clock.elapsed()),
    uptime: storeElapsed ?? (() => clock.uptime()),
    boot: bootId,
  }
}

/** Changes with every start of the machine and differs between machines; containers of one host share it. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return hostname()
  }
}

/** @throws StoreUnavailableError when a worker of another host is alive in the file. */
export function refuseOtherHost(sql: Sql, path: string, clocks: HostClocks): void {
  const { now } = new StoreClock(sql, clocks).look()
  const other = sql.get<{ host: string; left: number }>(
    'SELECT host, expires_at - ? AS left FROM workers WHERE boot <> ? AND expires_at > ?',
    now,
    bootId(),
    now,
  )
  if (other === undefined) return
  throw new StoreUnavailableError(
    `${path} is in use by a worker on host '${other.host}'; the embedded store serves one host. ` +
      `If this is that host and it has just restarted, try again in ${Math.ceil(other.left / 1000)} s`,
    { kind: 'unsupported' },
  )
}

/** File systems without dependable locks, by their magic number (statfs(2)). */
const networkFileSystems: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  16914839: '9P',
  12805120: 'Ceph',
  1397113167: 'AFS',
  198183888: 'Lustre',
}

/** @throws InvalidOptionsError when the file would lie on a network file system. */
export function refuseNetworkFileSystem(path: string, type: number = statfsSync(dirname(path)).type): void {
  const name = networkFileSystems[type >>> 0]
  if (name === undefined) return
  throw new InvalidOptionsError(
    `store: ${path} lies on ${name}, whose locks can't be trusted; the embedded store serves one host, put the file on a local disk`,
  )
}
