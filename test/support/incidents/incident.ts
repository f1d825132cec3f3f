import type { Jobs } from '../../../runtime/client/client.ts'
import type { CliProcess } from '../processes/cli-process.ts'
import type { RedisServer } from '../redis/redis-server.ts'

/** Where incidents happen: a store of one's own, and a folder in which its workers run. */
export interface Site {
  /** The store's address, as commands take it. */
  readonly store: string
  /** Also the folder in which job files share state: whether the cause is fixed. */
  readonly folder: string
  /** Its server, where that may be harmed; left out: an incident of the server can't begin here. */
  readonly server?: RedisServer
  /** A connection that the site closes. */
  jobs(): Promise<Jobs>
  /** Starts a worker process for a file of jobs/; resolves when it works. The site ends it. */
  work(file: string, ...options: readonly string[]): Promise<CliProcess>
}

/**
 * A fault in operation, created for real: by worker processes if they are the cause, otherwise by the store's API.
 * docs/operating.md names for each, under its title, the command that shows the cause and the one that fixes it.
 */
export interface Incident {
  /** As a file is named. */
  readonly name: string
  /** The heading in docs/operating.md. */
  readonly title: string
  /** `server`: it happens to a Redis server, which the site must have. */
  readonly needs: 'store' | 'server'
  /** The output of the document's command that shows the cause. */
  readonly says: RegExp
  /** The exit code of that command. */
  readonly code: number
  /** Resolves once the cause can be seen. Some put the store into the past first, which needs one that no process has used. */
  begin(site: Site): Promise<Begun>
}

/** An incident that lasts. */
export interface Begun {
  /** The placeholders in the document's commands: RUN, FILE. */
  readonly words: Readonly<Record<string, string>>
  /** The run that it happens to, if it happens to one. */
  readonly run?: string
  /** The address that its operator uses, if that's part of the incident. */
  readonly store?: string
  /** The work before the document's fix, outside of durable-jobs: fixes code, starts a server. */
  mend?(): Promise<void>
  /** Resolves once the cure has had its effect. */
  cured?(): Promise<void>
}
