import { type Command, Option } from 'commander'
import type { FleetSnapshot } from '../../describe/hindrance.ts'
import { situation } from '../../describe/situation.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import { type Run, type RunState, runStates } from '../../model/run.ts'
import type { Inspector, RunPage } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { given } from '../given.ts'
import { wholeNumber } from '../option-values.ts'
import { printJson, printTable, remark } from '../output.ts'
import { runForJson } from '../run-json.ts'
import { ago, paintState } from '../run-text.ts'
import { addSharedOptions, explainJson, fieldsOfRun, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

interface RunsOptions extends SharedOptions {
  readonly state?: RunState
  readonly job?: string
  readonly queue?: string
  readonly tag?: string
  readonly unique?: string
  readonly limit: number
  readonly cursor?: string
}

const columns = (fleet: FleetSnapshot): readonly Column<Run>[] => [
  { title: 'ID', cell: (run) => run.id },
  { title: 'JOB', cell: (run) => run.job },
  { title: 'STATE', cell: (run) => run.state, paint: (text, run) => paintState(text, run.state) },
  { title: 'ATTEMPT', cell: (run) => run.attempt, align: 'right' },
  { title: 'LOSSES', cell: (run) => run.losses, align: 'right' },
  { title: 'ENQUEUED', cell: (run) => ago(run.enqueuedAt), align: 'right' },
  { title: 'SITUATION', cell: (run) => situation(run, Date.now(), fleet), shrinks: true },
]

export function addRuns(program: Command): void {
  const command = program
    .command('runs')
    .description('list runs, newest first')
    .addOption(new Option('--state <state>', 'only runs in this state').choices(runStates))
    .option('--job <name>', 'only runs of this job')
    .option('--queue <name>', 'only runs of this queue')
    .option('--tag <tag>', 'only runs with this tag')
    .option('--unique <key>', 'only the run that holds this unique key of the job in --job')
    .option('--limit <n>', 'at most this many', wholeNumber(1, 1000), 50)
    .option('--cursor <cursor>', 'go on where the page before ended')
  addSharedOptions(command, '{ runs: [RUN], cursor? }').action(listRuns)
  explainJson(command, fieldsOfRun)
}

async function listRuns({ json, store, ...options }: RunsOptions): Promise<void> {
  await withConnection(given({ store }), async ({ inspector }) => {
    const page = await readPage(inspector, options)
    if (json) return printJson({ ...page, runs: page.runs.map(runForJson) })
    if (page.runs.length > 0) printTable(columns(await readFleet(inspector, page.runs)), page.runs)
    else remark(`no such run in ${inspector.address}`)
    if (page.cursor !== undefined) remark(`there are more: add --cursor ${page.cursor}`)
  })
}

/** What keeps ready runs from being taken; read only where there is one. */
async function readFleet(inspector: Inspector, runs: readonly Run[]): Promise<FleetSnapshot> {
  if (!runs.some(({ state }) => state === 'ready')) return { queues: [], workers: [] }
  return { queues: await inspector.queues(), workers: await inspector.workers() }
}

async function readPage(
  inspector: Inspector,
  { limit, unique, state, job, queue, tag, cursor }: Omit<RunsOptions, keyof SharedOptions>,
): Promise<RunPage> {
  const filter = given({ state, job, queue, tag, cursor })
  if (unique === undefined) return inspector.runs({ limit, ...filter })
  if (job === undefined || Object.keys(filter).length > 1) {
    throw new InvalidOptionsError('--unique names one run: write it with --job NAME and no other filter')
  }
  const id = await inspector.holder(job, unique)
  const run = id === undefined ? undefined : await inspector.run(id)
  if (run === undefined) return { runs: [] }
  const { input: _, ...shown } = run
  return { runs: [shown as Run] }
}
