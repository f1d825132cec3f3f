import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StoreCheck } from '../../store.ts'
import type { StoreConfig } from '../../store-config.ts'
import { formatVersion, readFormat } from '../schema.ts'
import type { StoreFile } from '../store-file.ts'

const lowDiskBytes = 500 * 1024 * 1024
const maxQuickCheck = 256 * 1024 * 1024

/** Returns the checks of `doctor` for the file and its host. */
export function checkStore(database: StoreFile, config: StoreConfig, scope: 'all' | 'quick'): StoreCheck[] {
  return [
    format(database),
    journalMode(database),
    durability(config),
    diskSpace(database),
    ...(scope === 'all' ? [integrity(database)] : []),
  ]
}

function format(database: StoreFile): StoreCheck {
  const version = readFormat(database)
  const name = 'format'
  if (version === formatVersion) return { name, verdict: 'fine', found: `version ${version}` }
  if (version > formatVersion)
    return { name, verdict: 'fault', found: `version ${version}`, remedy: 'upgrade durable-jobs' }
  return {
    name,
    verdict: 'warning',
    found: `version ${version}, read as it is; this durable-jobs writes version ${formatVersion}`,
    remedy:
      'start a worker of this version: the first write upgrades the file, and older processes hand over and stop',
  }
}

function journalMode(database: StoreFile): StoreCheck {
  return database.hasLog
    ? { name: 'journal mode', verdict: 'fine', found: 'write-ahead log' }
    : {
        name: 'journal mode',
        verdict: 'fault',
        found: 'no write-ahead log',
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

function diskSpace(database: StoreFile): StoreCheck {
  const { bavail, bsize } = statfsSync(dirname(database.path))
  const free = bavail * bsize
  const found = `${Math.round(free / 1024 / 1024)} MiB free, file ${Math.round(statSync(database.path).size / 1024)} KiB`
  return free > lowDiskBytes
    ? { name: 'disk', verdict: 'fine', found }
    : { name: 'disk', verdict: 'warning', found, remedy: 'free disk space, or shorten the retention' }
}

function integrity(database: StoreFile): StoreCheck {
  if (statSync(database.path).size > maxQuickCheck) {
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
