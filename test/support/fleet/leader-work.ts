import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import type { LeaderFunction, Worker } from '../../../runtime/index.ts'
import { AbortedError } from '../../../sdk/index.ts'
import type { BodyLog } from './body-log.ts'

/** A store of the application, which refuses writes of an older term than the newest it has seen. */
export class GuardedStore {
  readonly #database: DatabaseSync

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 5_000 })
    this.#database.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS guarded (id INTEGER PRIMARY KEY, fence INTEGER NOT NULL, writer INTEGER NOT NULL);
      INSERT OR IGNORE INTO guarded VALUES (1, 0, 0)`)
  }

  /** Whether the write was taken. */
  write(fence: number): boolean {
    const sql = 'UPDATE guarded SET fence = ?, writer = ? WHERE fence <= ?'
    return this.#database.prepare(sql).run(fence, process.pid, fence).changes === 1
  }

  get last(): { readonly fence: number; readonly writer: number } {
    const row = this.#database.prepare('SELECT fence, writer FROM guarded').get() as Record<string, number>
    return { fence: row.fence ?? 0, writer: row.writer ?? 0 }
  }

  close(): void {
    this.#database.close()
  }
}

interface Deps {
  readonly worker: Worker
  readonly bodyLog: BodyLog
  /** Reads from the store of the jobs whether this term is the current one. */
  readonly renew: (fence: number) => Promise<string>
}

const writeEveryMs = 10
const settleMs = 50

/** The work of a leader here: it writes by its fence, checks no signal between two writes, and needs a while to stop. */
export function leaderWork(guarded: GuardedStore, { worker, bodyLog, renew }: Deps): LeaderFunction {
  return async ({ signal, fence, role }) => {
    const about = { path: role, note: String(fence) }
    signal.addEventListener('abort', () => {
      const note = signal.reason instanceof AbortedError ? signal.reason.reason : 'something else'
      bodyLog.write('aborted', { path: role, note })
    })
    bodyLog.write('leads', about)
    let [wrote, refused, frozen] = [false, false, false]
    while (!signal.aborted) {
      if (!frozen && toldToFreeze(bodyLog)) {
        frozen = true
        process.kill(process.pid, 'SIGSTOP')
      }
      const taken = guarded.write(fence)
      if (taken && !wrote) {
        wrote = true
        bodyLog.write('wrote', { path: role })
      }
      if (!taken && !refused) {
        refused = true
        bodyLog.write('refused', { path: role, note: worker.leader.isLeading ? 'leading' : 'not leading' })
      }
      await wait(writeEveryMs)
    }
    await wait(settleMs)
    bodyLog.write('left', about)
    if ((signal.reason as AbortedError).reason !== 'draining') {
      bodyLog.write('renewed', { path: role, note: await renew(fence) })
    }
  }
}

/** A process that stops right before a write wakes with that write, before any timer fires. */
function toldToFreeze(bodyLog: BodyLog): boolean {
  return bodyLog.lines().some(({ moment, pid }) => moment === 'freeze' && pid === process.pid)
}
