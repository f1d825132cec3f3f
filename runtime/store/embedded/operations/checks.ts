import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StoreCheck } from '../../store.ts'
import type { StoreConfig } from '../../store-config.ts'
import type { Database } from '../database.ts'
import { formatVersion, readFormat } from '../schema.ts'

const lowDiskBytes = 500 * 1024 * 1024
const largestQuickCheck = 256 * 1024 * 1024

/** What `doctor` reports of the file and of its host. */
export function checkStore(database: Database, config: StoreConfig, scope: 'all' | 'quick'): StoreCheck[] {
  return [
    format(database),
    journalMode(database),
    durability(config),
    diskSpace(database),
    ...(scope === 'all' ? [integrity(database)] : []),
  ]
}

function format(database: Database): StoreCheck {
  const version = readFormat(database)
  return version === formatVersion
    ? { name: 'format', verdict: 'fine', found: `version ${version}` }
    : { name: 'format', verdict: 'fault', found: `version ${version}`, remedy: 'upgrade durable-jobs' }
}

function journalMode(database: Database): StoreCheck {
  const mode = String(database.get<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode)
  return mode === 'wal'
    ? { name: 'journal mode', verdict: 'fine', found: 'write-ahead log' }
    : {
        name: 'journal mode',
        verdict: 'fault',
        found: mode,
        remedy: 'put the file on a local disk: WAL needs shared memory',
      }
}

function durability(config: StoreConfig): StoreCheck {
  const found =
    config.synchronous === 'full'
      ? 'full: nothing acknowledged is lost in a power cut'
      : "normal: survives kills; a power cut may lose the last transactions (synchronous: 'full' prevents it)"
  return { name: 'durability', verdict: 'fine', found }
}

function diskSpace(database: Database): StoreCheck {
  const { bavail, bsize } = statfsSync(dirname(database.path))
  const free = bavail * bsize
  const found = `${Math.round(free / 1024 / 1024)} MiB free, file ${Math.round(statSync(database.path).size / 1024)} KiB`
  return free > lowDiskBytes
    ? { name: 'disk', verdict: 'fine', found }
    : { name: 'disk', verdict: 'warning', found, remedy: 'free disk space, or shorten the retention' }
}

function integrity(database: Database): StoreCheck {
  if (statSync(database.path).size > largestQuickCheck) {
    return {
      name: 'integrity',
      verdict: 'fine',
      found: 'not checked: the file is large; run PRAGMA quick_check by hand',
    }
  }
  const answer = String(database.get<{ quick_check: string }>('PRAGMA quick_check(1)')?.quick_check)
  return answer === 'ok'
    ? { name: 'integrity', verdict: 'fine', found: 'ok' }
    : { name: 'integrity', verdict: 'fault', found: answer, remedy: 'restore the file from a backup' }
}
