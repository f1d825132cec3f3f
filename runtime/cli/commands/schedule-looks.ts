import { type Command, InvalidArgumentError } from 'commander'
import { durationToken } from '../../describe/duration-token.ts'
import { instant, ledgerDetail, tickText } from '../../describe/ledger-text.ts'
import { stoppedText } from '../../describe/schedule-text.ts'
import type { CronFire } from '../../model/cron.ts'
import { UnknownScheduleError } from '../../model/schedule-errors.ts'
import { type LedgerLine, retainedLedgerEntries, type ScheduleInfo } from '../../store/schedules.ts'
import { withConnection } from '../connection.ts'
import { paintOutcome } from '../ledger-text.ts'
import { wholeNumber } from '../option-values.ts'
import { paint, print, printJson, printTable, say } from '../output.ts'
import { addSharedOptions, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'

const ledgerColumns: readonly Column<LedgerLine>[] = [
  { title: 'AGE', cell: ({ at }) => durationToken(Date.now() - at), align: 'right' },
  // For a stretch of ticks the first, and how many.
  { title: 'TICK', cell: tickText, shrinks: true, least: 26 },
  { title: 'OUTCOME', cell: ({ outcome }) => outcome, paint: paintOutcome },
  { title: 'DETAIL', cell: ledgerDetail, shrinks: true, least: 33 },
]

const previewColumns: readonly Column<CronFire>[] = [
  { title: 'UTC', cell: ({ at }) => instant(at.getTime()) },
  { title: 'LOCAL', cell: ({ local }) => local },
  {
    title: 'CLOCKS',
    cell: ({ clockChange = '' }) => clockChange,
    paint: (text) => paint('yellow', text),
    shrinks: true,
  },
]

/** Subcommands that only read. */
export function addScheduleLooks(schedules: Command): void {
  const ledger = schedules
    .command('ledger')
    .description('the outcomes of its last ticks, newest first')
    .argument('<name>', 'name of the schedule')
    .option(
      '--limit <n>',
      `how many lines, at most ${retainedLedgerEntries}`,
      wholeNumber(1, retainedLedgerEntries),
      20,
    )
  addSharedOptions(ledger, '{ ledger: [LINE] }').action(showLedger)
  const preview = schedules
    .command('preview')
    .description('when it fires next, with clock changes')
    .argument('[name]', 'name of the schedule; or give --cron')
    .option('--cron <pattern>', 'preview this pattern; nothing is stored')
    .option('--time-zone <zone>', 'its zone (default: UTC)')
    .option('--count <n>', 'how many', wholeNumber(1, 1_000), 10)
  addSharedOptions(preview, '{ fires: [{ at, local, clockChange? }], paused?, dropped? }').action(showPreview)
}

async function showLedger(name: string, options: SharedOptions & { readonly limit: number }): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const known = (await inspector.schedules()).some((schedule) => schedule.name === name)
    if (!known) throw new UnknownScheduleError(name)
    const ledger = await inspector.ledger(name, { limit: options.limit })
    if (options.json) return printJson({ ledger })
    printTable(ledgerColumns, ledger)
  })
}

interface PreviewOptions extends SharedOptions {
  readonly cron?: string
  readonly timeZone?: string
  readonly count: number
}

async function showPreview(name: string | undefined, options: PreviewOptions): Promise<void> {
  const { cron, timeZone, count, json } = options
  if ((name === undefined) === (cron === undefined)) {
    throw new InvalidArgumentError('Name a schedule, or give --cron.')
  }
  const show = (fires: readonly CronFire[], schedule?: ScheduleInfo): void => {
    if (json) printJson(previewForJson(fires, schedule))
    else printPreview(fires, schedule)
  }
  if (cron !== undefined) {
    const { CronTicks } = await import('../../model/cron.ts')
    return show(new CronTicks(cron, timeZone ?? 'UTC', 'preview').preview(Date.now(), count))
  }
  await withConnection(options, async (jobs) => {
    const fires = await jobs.schedules.preview(name ?? '', count)
    show(
      fires,
      (await jobs.inspector.schedules()).find((one) => one.name === name),
    )
  })
}

function printPreview(fires: readonly CronFire[], schedule: ScheduleInfo | undefined): void {
  const stopped = schedule && stoppedText(schedule, Date.now())
  if (stopped !== undefined) {
    const line = `schedule ${schedule?.name} is ${stopped}: until that changes, none of these will fire`
    say(line, (part) => paint('yellow', part))
    print('')
  }
  printTable(previewColumns, fires)
}

function previewForJson(fires: readonly CronFire[], schedule: ScheduleInfo | undefined): object {
  const { paused, dropped } = schedule ?? {}
  return { fires: fires.map((fire) => ({ ...fire, at: fire.at.getTime() })), paused, dropped }
}
