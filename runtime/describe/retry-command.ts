import type { Run } from '../model/run.ts'
import type { Inspector } from '../store/store.ts'
import { commandLine, type StoreChoice } from './command-line.ts'

/** The entry whose error escaped is among the last ones: only concurrent steps are stored after it. */
const lastEntries = 200

/** How to continue an ended run. `unless` names an at-most-once step whose body the command runs again. */
export interface RetryAdvice {
  readonly command: string
  readonly unless?: string
}

/** Returns the command that continues an ended run, with `--run-again` if an at-most-once step blocks it. */
export async function retryAdvice(
  run: Run,
  inspector: Pick<Inspector, 'journalOutline'>,
  options: StoreChoice,
): Promise<RetryAdvice> {
  const path = 'escaped' in run ? run.escaped : undefined
  const blocked = path !== undefined && (await isAtMostOnce(run, path, inspector))
  const again = blocked ? ['--run-again', path] : []
  return { command: commandLine(['retry', run.id, ...again], options), ...(blocked ? { unless: path } : {}) }
}

async function isAtMostOnce(
  run: Run,
  path: string,
  inspector: Pick<Inspector, 'journalOutline'>,
): Promise<boolean> {
  const after = Math.max(0, run.position - lastEntries)
  const entries = await inspector.journalOutline(run.id, { after, limit: lastEntries })
  return entries.some((entry) => entry.path === path && entry.once === true)
}
