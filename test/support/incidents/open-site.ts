import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Jobs } from '../../../runtime/client/client.ts'
import { connect } from '../../../sdk/index.ts'
import { CliProcess } from '../processes/cli-process.ts'
import { hasEnded, killAtExit } from '../processes/orphans.ts'
import type { RedisServer } from '../redis/redis-server.ts'
import type { Site } from './incident.ts'

/** A site with the commands that its operator types. */
export interface OpenSite extends Site {
  /** Starts a command in the site's folder; `store` is another address than the site's. */
  start(args: readonly string[], store?: string): CliProcess
  /** Ends all processes and connections of the site. The store and the folder remain. */
  close(): Promise<void>
}

/** The address of a file of jobs/. */
export function jobFile(name: string): string {
  return join(import.meta.dirname, 'jobs', name)
}

export function openSite(store: string, folder: string, server?: RedisServer): OpenSite {
  mkdirSync(folder, { recursive: true })
  const processes: CliProcess[] = []
  let connection: Promise<Jobs> | undefined
  const start = (args: readonly string[], address = store): CliProcess => {
    const started = new CliProcess(args, folder, { DURABLE_JOBS_STORE: address })
    const { pid } = started.process
    if (pid !== undefined) {
      // A demo that is killed leaves no worker behind.
      killAtExit(pid)
      void started.finished.then(() => hasEnded(pid))
    }
    processes.push(started)
    return started
  }
  return {
    ...{ store, folder, start },
    ...(server === undefined ? {} : { server }),
    jobs: () => {
      connection ??= connect(store)
      return connection
    },
    work: async (file, ...options) => {
      const worker = start(['work', jobFile(file), ...options])
      await worker.said('worker started')
      return worker
    },
    close: async () => {
      for (const { process } of processes) process.kill('SIGKILL')
      await Promise.all(processes.map(({ finished }) => finished))
      await (await connection)?.close()
    },
  }
}
