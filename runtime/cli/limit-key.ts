import type { Jobs } from '../client/client.ts'
import { commandLine } from '../describe/command-line.ts'
import { durationToken } from '../describe/duration-token.ts'
import { defined } from '../model/defined.ts'
import { isRate, type LimiterRule } from '../model/limiter.ts'
import type { LimitHolder, LimitHolderPage, LimitWaiter, LimitWaiterPage } from '../store/waitlist.ts'
import { print, printJson, printTable, remark, say } from './output.ts'
import { stateColumn } from './run-text.ts'
import type { SharedOptions } from './shared-options.ts'
import type { Column } from './table.ts'

/** The options of `limits NAME --key KEY`. */
export interface LimitKeyOptions extends SharedOptions {
  readonly key: string
  readonly limit: number
  /** Of the waiters. */
  readonly cursor?: string
}

function since(at: number | undefined): string {
  return at === undefined ? '' : durationToken(Date.now() - at)
}

const holderColumns: readonly Column<LimitHolder>[] = [
  { title: 'HELD BY', cell: ({ run }) => run },
  { title: 'JOB', cell: ({ job }) => job, shrinks: true },
  { title: 'STEP', cell: ({ path }) => path, shrinks: true, drops: 3 },
  { ...stateColumn, drops: 2 },
  { title: 'SLOTS', align: 'right', cell: ({ held }) => held, drops: 4 },
  { title: 'FOR', align: 'right', cell: (holder) => since(holder.since) },
  { title: 'WORKER', cell: ({ worker = '' }) => worker, shrinks: true, drops: 1 },
]

const waiterColumns: readonly Column<LimitWaiter>[] = [
  { title: 'PLACE', align: 'right', cell: ({ position }) => position },
  { title: 'WAITS', cell: ({ run }) => run },
  { title: 'JOB', cell: ({ job }) => job, shrinks: true },
  { title: 'STEP', cell: ({ path }) => path, shrinks: true, drops: 3 },
  { ...stateColumn, drops: 1 },
  { title: 'PRIORITY', align: 'right', cell: ({ priority }) => priority, drops: 2 },
  { title: 'FOR', align: 'right', cell: (waiter) => since(waiter.since) },
  { title: 'AGED', cell: ({ aged }) => (aged ? 'yes' : ''), drops: 4 },
]

/** For the help of the command. */
export const fieldsOfLimitKey = `HOLDER: run, job, queue, state, path ('': the job's own limit), held (slots), since?, worker?
WAITER: run, job, queue, state, path, position, priority, since?, aged`

/** Prints the holders and the waiters of one key of a limiter. */
export async function showLimitKey(
  jobs: Jobs,
  limiter: { readonly name: string; readonly rule: LimiterRule },
  options: LimitKeyOptions,
): Promise<void> {
  const { key, limit, cursor } = options
  const { name } = limiter
  const held = await jobs.limits.holders(name, { key, limit })
  const waiting = await jobs.limits.waitlist(name, { key, limit, ...defined({ cursor }) })
  if (options.json) {
    const { holders, cursor: holdersCursor } = held
    return printJson({ limiter, key, holders, ...waiting, ...defined({ holdersCursor }) })
  }
  printHolders(held, limiter.rule)
  print('')
  printWaiters(waiting, name, options)
}

function printHolders({ holders, cursor }: LimitHolderPage, rule: LimiterRule): void {
  if (holders.length > 0) printTable(holderColumns, holders)
  else say(isRate(rule) ? `a ${rule.kind} counts starts: nothing holds it` : 'nothing holds this key')
  if (cursor !== undefined) remark(`more hold it than these ${holders.length}: raise --limit`)
}

function printWaiters({ waiters, cursor }: LimitWaiterPage, name: string, options: LimitKeyOptions): void {
  if (waiters.length > 0) printTable(waiterColumns, waiters)
  else say('nothing waits for this key')
  if (cursor === undefined) return
  const more = commandLine(['limits', name, '--key', options.key, '--cursor', cursor], options)
  remark(`more wait: ${more}`)
}
