import { type Command, Option } from 'commander'
import type { FleetSnapshot } from '../../describe/hindrance.ts'
import { situation } from '../../describe/situation.ts'
import { defined } from '../../model/defined.ts'
import type { Run } from '../../model/run.ts'
import type { RunOrder, RunPage, RunQuery } from '../../store/run-filter.ts'
import type { Inspector } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { addFilterOptions, type FilterOptions, filterOf } from '../filter-options.ts'
import { jsonSafe } from '../json-safe.ts'
import { wholeNumber } from '../option-values.ts'
import { print, printJson, remark, screenWidth } from '../output.ts'
import { runForJson } from '../run-json.ts'
import { ago, stateColumn } from '../run-text.ts'
import { addSharedOptions, explainJson, fieldsOfRun, type SharedOptions } from '../shared-options.ts'
import { type Column, formatTable } from '../table.ts'
import { type Frame, watchFrames } from '../watch.ts'
import { wholeFingerprint } from '../whole-fingerprint.ts'

interface RunsOptions extends SharedOptions, FilterOptions {
  readonly order?: RunOrder
  readonly limit: number
  readonly cursor?: string
  readonly watch?: boolean
}

/** A search that finds nothing continues by itself until it has inspected this many runs. */
const searchedByItself = 4_000

const columns = (fleet: FleetSnapshot): readonly Column<Run>[] => [
  { title: 'ID', cell: (run) => run.id },
  { title: 'JOB', cell: (run) => run.job, shrinks: true },
  stateColumn,
  { title: 'ATTEMPT', cell: (run) => run.attempt, align: 'right', drops: 2 },
  { title: 'LOSSES', cell: (run) => run.losses, align: 'right', drops: 1 },
  { title: 'ENQUEUED', cell: (run) => ago(run.enqueuedAt), align: 'right', drops: 3 },
  { title: 'SITUATION', cell: (run) => situation(run, Date.now(), fleet), shrinks: true, least: 46 },
]

export function addRuns(program: Command): void {
  const command = program.command('runs').description('list runs, newest first')
  addFilterOptions(command)
    .addOption(
      new Option('--order <order>', 'longest: in their state; for ready, waiting and held runs')
        .choices(['newest', 'oldest', 'longest'])
        .default('newest'),
    )
    .option('--limit <n>', 'at most this many', wholeNumber(1, 1000), 50)
    .option('--cursor <cursor>', 'continue after the previous page, with the same options')
    .option('--watch', 'list them again whenever they change, until ctrl-c; with --json one line each time')
  addSharedOptions(command, '{ runs: [RUN], looked, cursor? }').action(listRuns)
  explainJson(command, `${fieldsOfRun}\nLOOKED: how many runs were inspected.`)
}

async function listRuns({ json, store, ...options }: RunsOptions): Promise<void> {
  // Mistakes are reported before a store is opened.
  filterOf(options)
  await withConnection(defined({ store }), async ({ inspector }) => {
    if (options.watch) return watchFrames(inspector, () => runsFrame(inspector, options, json === true))
    const page = await readPage(inspector, options)
    if (json) return printJson(pageForJson(page))
    if (page.runs.length > 0) print(await pageTable(inspector, page))
    else if (page.cursor === undefined) remark(`no such run in ${inspector.address}`)
    const next = nextPage(page, options.limit)
    if (next !== undefined) remark(next)
  })
}

function pageForJson(page: RunPage): object {
  return { ...page, runs: page.runs.map(runForJson) }
}

async function pageTable(inspector: Inspector, { runs }: RunPage): Promise<string> {
  return formatTable(columns(await readFleet(inspector, runs)), runs, screenWidth())
}

async function runsFrame(
  inspector: Inspector,
  options: Omit<RunsOptions, keyof SharedOptions>,
  json: boolean,
): Promise<Frame> {
  const page = await readPage(inspector, options)
  const changes = jsonSafe(pageForJson(page))
  if (json) return { text: JSON.stringify(changes), changes }
  return { text: page.runs.length > 0 ? await pageTable(inspector, page) : 'no such run', changes }
}

/** Says how to continue after the page. */
function nextPage({ runs, cursor, looked }: RunPage, limit: number): string | undefined {
  if (cursor === undefined) return undefined
  if (runs.length === limit) return `there are more: add --cursor ${cursor}`
  return `searched ${looked.toLocaleString('en')} runs; to continue, add --cursor ${cursor}`
}

/** Reads what keeps ready runs from being taken, only if there is a ready run. */
async function readFleet(inspector: Inspector, runs: readonly Run[]): Promise<FleetSnapshot> {
  if (!runs.some(({ state }) => state === 'ready')) return { queues: [], workers: [] }
  return { queues: await inspector.queues(), workers: await inspector.workers() }
}

async function readPage(
  inspector: Inspector,
  options: Omit<RunsOptions, keyof SharedOptions>,
): Promise<RunPage> {
  const { limit, order = 'newest', cursor, job, unique } = options
  const filter = filterOf(options) ?? {}
  const isHolder = unique !== undefined && job !== undefined && Object.keys(filter).length === 2
  if (isHolder && cursor === undefined) return readHolder(inspector, job, unique)
  const { fingerprint: typed } = filter
  const fingerprint = typed === undefined ? undefined : await wholeFingerprint(inspector, typed)
  return search(inspector, { limit, order, ...filter, ...defined({ fingerprint, cursor }) })
}

async function readHolder(inspector: Inspector, job: string, unique: string): Promise<RunPage> {
  const id = await inspector.holder(job, unique)
  const run = id === undefined ? undefined : await inspector.run(id)
  if (run === undefined) return { runs: [], looked: 0 }
  const { input: _, ...shown } = run
  return { runs: [shown as Run], looked: 1 }
}

async function search(inspector: Inspector, query: RunQuery): Promise<RunPage> {
  let page = await inspector.runs(query)
  let { looked } = page
  while (page.runs.length === 0 && page.cursor !== undefined && looked < searchedByItself) {
    page = await inspector.runs({ ...query, cursor: page.cursor })
    looked += page.looked
  }
  return { ...page, looked }
}
