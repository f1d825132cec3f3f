import { readFileSync, statfsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { InvalidOptionsError } from '../../model/errors.ts'

/** Changes with every start of the machine and differs between machines; containers of one host share it. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return hostname()
  }
}

/** File systems without dependable locks, by their magic number (statfs(2)). */
const networkFileSystems: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9P',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x0bd00bd0: 'Lustre',
}

/** @throws InvalidOptionsError when the file would lie on a network file system. */
export function refuseNetworkFileSystem(path: string): void {
  const name = networkFileSystems[statfsSync(dirname(path)).type >>> 0]
  if (name === undefined) return
  throw new InvalidOptionsError(
    `store: ${path} lies on ${name}, whose locks can't be trusted; the embedded store serves one host, put the file on a local disk`,
  )
}
