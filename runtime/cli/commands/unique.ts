import type { Command } from 'commander'
import { defined } from '../../model/defined.ts'
import type { HeldKey } from '../../store/held-keys.ts'
import { withConnection } from '../connection.ts'
import { wholeNumber } from '../option-values.ts'
import { printJson, printTable, remark } from '../output.ts'
import { ago, stateColumn } from '../run-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

interface UniqueOptions extends SharedOptions {
  readonly job?: string
  readonly limit: number
  readonly cursor?: string
}

const columns: readonly Column<HeldKey>[] = [
  { title: 'JOB', cell: ({ job }) => job, shrinks: true },
  { title: 'KEY', cell: ({ key }) => key, shrinks: true, least: 20 },
  { title: 'HELD BY', cell: ({ run }) => run },
  stateColumn,
  { title: 'UNTIL', cell: untilText, drops: 2 },
  { title: 'ENQUEUED', align: 'right', cell: ({ enqueuedAt }) => ago(enqueuedAt), drops: 1 },
]

export function addUnique(program: Command): void {
  const command = program
    .command('unique')
    .description(
      'list the unique keys that are held, and by which runs; of one key: runs --job NAME --unique KEY',
    )
    .option('--job <name>', 'only keys of this job')
    .option('--limit <n>', 'about this many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'continue after the previous page, with the same options')
  addSharedOptions(command, '{ keys: [KEY], cursor? }').action(listKeys)
  explainJson(
    command,
    "KEY: job, key, run, state, until ('finished', 'started', or ms since 1970), enqueuedAt",
  )
}

async function listKeys({ json, store, job, limit, cursor }: UniqueOptions): Promise<void> {
  await withConnection(defined({ store }), async (jobs) => {
    const page = await jobs.unique.list({ limit, ...defined({ job, cursor }) })
    if (json) return printJson(page)
    if (page.keys.length > 0) printTable(columns, page.keys)
    else if (page.cursor === undefined) {
      const of = job === undefined ? '' : ` of job '${job}'`
      remark(`no unique key${of} is held in ${jobs.inspector.address}`)
    }
    if (page.cursor !== undefined) remark(`there may be more: add --cursor ${page.cursor}`)
  })
}

function untilText({ until }: HeldKey): string {
  if (until === 'finished') return 'it has ended'
  return until === 'started' ? 'it starts' : new Date(until).toISOString()
}
