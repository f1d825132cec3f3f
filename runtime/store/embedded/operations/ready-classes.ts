import { suspectStreak } from '../../../model/poison.ts'
import { maxReadyClasses, type ReadyClass } from '../../ready-classes.ts'
import { readVersion } from '../../stored-version.ts'
import type { Sql } from '../database.ts'

const readyRun = (streak: string): string =>
  `EXISTS (SELECT 1 FROM runs WHERE runs.queue = classes.queue AND runs.job = classes.job
     AND runs.version = classes.version AND runs.state = 'ready' AND runs.streak ${streak} ${suspectStreak})`

/** Each class is looked up in the indexes of ready runs and of poison suspects, so the cost does not depend on the number of runs. */
export function inspectReadyClasses(sql: Sql): ReadyClass[] {
  const classes = sql.all<{ queue: string; job: string; version: number }>(
    `SELECT queue, job, version FROM classes WHERE ${readyRun('<')} OR ${readyRun('>=')}
     ORDER BY queue, job, version LIMIT ${maxReadyClasses}`,
  )
  return classes.map(({ version, ...of }) => ({ ...of, ...readVersion(version) }))
}
