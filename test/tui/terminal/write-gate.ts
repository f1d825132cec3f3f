import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import type { StoreOptions } from '../../../sdk/index.ts'
import { sharedRedisServer } from '../../support/redis/redis-server.ts'

/** Admits or delays the writes of others to a store, so that a test can stop an action halfway, however fast it is. */
export interface WriteGate {
  close(): Promise<void>
  open(): Promise<void>
}

export function writeGate({ url = '' }: StoreOptions): WriteGate {
  return url.startsWith('sqlite:') ? fileGate(url.slice('sqlite:'.length)) : serverGate
}

/** Holds the file's write lock. */
function fileGate(path: string): WriteGate {
  const database = new DatabaseSync(path)
  onTestFinished(() => database.close())
  return {
    close: async () => {
      while (!hasLocked(database)) await sleep(0)
    },
    open: async () => database.exec('ROLLBACK'),
  }
}

function hasLocked(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN IMMEDIATE')
    return true
  } catch {
    return false
  }
}

const longerThanAnyTestMs = '600000'

/** Reads continue; scripts that write wait in the server. */
const serverGate: WriteGate = {
  close: async () =>
    void (await (await sharedRedisServer()).command('CLIENT', 'PAUSE', longerThanAnyTestMs, 'WRITE')),
  open: async () => void (await (await sharedRedisServer()).command('CLIENT', 'UNPAUSE')),
}
