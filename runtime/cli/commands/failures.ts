import { type Command, Option } from 'commander'
import { durationToken } from '../../describe/duration-token.ts'
import { failureText, shortFingerprint, triesIn } from '../../describe/failure-text.ts'
import { defined } from '../../model/defined.ts'
import { RunStateError } from '../../model/errors.ts'
import {
  type FailureGroup,
  type FailureOrder,
  failureOrders,
  maxFailureGroups,
} from '../../store/failures.ts'
import type { Inspector } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { failureReport } from '../failure-report.ts'
import { pastTime, wholeNumber } from '../option-values.ts'
import { paint, print, printJson, printTable, remark } from '../output.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'
import { findFailure } from '../whole-fingerprint.ts'

interface FailuresOptions extends SharedOptions {
  readonly job?: string
  readonly since?: number
  readonly order: FailureOrder
  readonly limit: number
}

const columns: readonly Column<FailureGroup>[] = [
  { title: 'FAILURE', cell: ({ fingerprint }) => shortFingerprint(fingerprint) },
  {
    title: 'NOW',
    cell: ({ failedNow }) => failedNow,
    align: 'right',
    paint: (text, { failedNow }) => (failedNow === 0 ? text : paint('red', text)),
  },
  { title: 'TRIES', cell: ({ tries }) => tries, align: 'right', drops: 4 },
  { title: '5m', cell: (group) => triesIn(group, 5), align: 'right', drops: 3 },
  { title: '1h', cell: (group) => triesIn(group, 60), align: 'right', drops: 2 },
  { title: 'FIRST', cell: ({ firstAt }) => age(firstAt), align: 'right', drops: 1 },
  { title: 'LAST', cell: ({ lastAt }) => age(lastAt), align: 'right' },
  { title: 'JOB', cell: ({ job }) => job, shrinks: true },
  { title: 'STEP', cell: ({ step }) => step, shrinks: true, drops: 5 },
  { title: 'ERROR', cell: failureText, shrinks: true, least: 28 },
]

function age(at: number): string {
  return durationToken(Math.max(0, Date.now() - at))
}

export function addFailures(program: Command): void {
  const command = program
    .command('failures')
    .description('list failures by their cause, or show one: since when, how often, in which versions')
    .argument('[failure]', 'a fingerprint of the list; the first characters of a generated one suffice')
    .option('--job <name>', 'only failures of this job')
    .option('--since <time>', 'only those seen in the last 30m, or since 2030-01-31T09:00Z', pastTime)
    .addOption(
      new Option('--order <order>', 'seen last, most tries, or newest first')
        .choices(failureOrders)
        .default('latest'),
    )
    .option('--limit <n>', 'at most this many', wholeNumber(1, maxFailureGroups), 20)
  addSharedOptions(command, '{ failures: [FAILURE] }, with an argument { failure: FAILURE }').action(failures)
  explainJson(
    command,
    `FAILURE: fingerprint, job, step ('': between steps), name, code?, text (what failed, without what differs from case to case), tries
(failed attempts of steps and runs), runs (how often one ended as failed, retries included), failedNow (what a retry would retry), firstAt, lastAt, versions (of the
job's code, newest first), sample (id of the last run), perMinute (tries of the last 60 minutes, oldest first).`,
  )
}

async function failures(beginning: string | undefined, options: FailuresOptions): Promise<void> {
  await withConnection(defined({ store: options.store }), async ({ inspector }) => {
    if (beginning === undefined) await list(inspector, options)
    else await show(inspector, beginning, options)
  })
}

async function list(
  inspector: Inspector,
  { json, limit, order, job, since }: FailuresOptions,
): Promise<void> {
  const found = await inspector.failures({
    ...defined({ job, since }),
    order,
    limit: Math.min(limit + 1, maxFailureGroups),
  })
  const groups = found.slice(0, limit)
  if (json) return printJson({ failures: groups })
  if (groups.length > 0) printTable(columns, groups)
  else remark(`no such failure in ${inspector.address}`)
  if (found.length > limit) remark(`there are more: raise --limit`)
}

async function show(inspector: Inspector, beginning: string, options: FailuresOptions): Promise<void> {
  const group = await findFailure(inspector, beginning)
  if (group === undefined)
    throw new RunStateError(
      `no failure '${beginning}' is known: durable-jobs failures lists those that are (the 1,000 seen last)`,
    )
  if (options.json) return printJson({ failure: group })
  print(failureReport(group, options))
}
