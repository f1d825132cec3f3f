import type { Command } from 'commander'
import { formatDuration } from '../../model/format-duration.ts'
import type { ScheduleInfo } from '../../store/schedules.ts'
import { withConnection } from '../connection.ts'
import { instant, paintOutcome } from '../ledger-text.ts'
import { paint, printJson, printTable, remark } from '../output.ts'
import { valueForJson } from '../run-json.ts'
import { byAndWhy } from '../run-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'
import { addScheduleActs } from './schedule-acts.ts'
import { addScheduleLooks } from './schedule-looks.ts'

const columns: readonly Column<ScheduleInfo>[] = [
  { title: 'SCHEDULE', cell: ({ name }) => name },
  { title: 'JOB', cell: ({ spec }) => spec.run.job },
  { title: 'CRON', cell: ({ spec }) => `${spec.cron} ${spec.timeZone}` },
  {
    title: 'NEXT',
    cell: nextText,
    paint: (text, { overdueMs }) => (overdueMs > 60_000 ? paint('red', text) : text),
  },
  {
    title: 'LAST',
    cell: ({ last }) => (last === undefined ? '' : last.outcome),
    paint: (text, { last }) => (last === undefined ? text : paintOutcome(text, last)),
  },
  { title: 'STATE', cell: stateText, paint: (text) => paint('yellow', text), shrinks: true },
]

const fieldsOfSchedule = `SCHEDULE: name, job, origin code | hand, revision, since, cron, timeZone, missed, cap, overlap, jitterMs, input, nextTick?, overdueMs,
queued [tick], last? LINE, paused? { by, reason?, at }, dropped? { worker, at }, conflict? { worker, at }.
LINE: n, at, outcome, tick?, until?, count?, lateMs?, run?, why?, other?, by?, reason?, worker?.`

/** `schedules` lists; its subcommands look at one schedule or act on it. */
export function addSchedules(program: Command): void {
  const command = program
    .command('schedules')
    .description('list schedules; show, preview, pause or trigger one: schedules --help')
  addSharedOptions(command, '{ schedules: [SCHEDULE] }').action(listSchedules)
  explainJson(command, fieldsOfSchedule)
  addScheduleLooks(command)
  addScheduleActs(command)
}

async function listSchedules(options: SharedOptions): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const schedules = await inspector.schedules()
    if (options.json) return printJson({ schedules: schedules.map(scheduleForJson) })
    if (schedules.length > 0) printTable(columns, schedules)
    else remark(`no schedule in ${inspector.address}; declare one on a job, and start a worker with it`)
  })
}

function scheduleForJson({ spec, name, origin, ...schedule }: ScheduleInfo): object {
  const { run, ...timing } = spec
  return { name, job: run.job, origin, ...timing, input: valueForJson(run.input, 'input'), ...schedule }
}

function nextText({ nextTick, overdueMs, dropped }: ScheduleInfo): string {
  if (dropped !== undefined) return ''
  if (nextTick === undefined) return overdueMs > 0 ? 'not planned yet' : 'never again'
  return overdueMs > 0 ? `${instant(nextTick)}, ${formatDuration(overdueMs)} overdue` : instant(nextTick)
}

function stateText({ paused, dropped, conflict, queued }: ScheduleInfo): string {
  if (dropped !== undefined) return `dropped by the code of worker ${dropped.worker}`
  if (paused !== undefined) return `paused by ${byAndWhy(paused)}`
  if (conflict !== undefined) return `put by hand; the code of worker ${conflict.worker} declares one too`
  return queued.length > 0 ? `${queued.length} ticks wait for the run before them` : ''
}
