import { type Command, InvalidArgumentError } from 'commander'
import { commandLine } from '../../describe/command-line.ts'
import { durationToken } from '../../describe/duration-token.ts'
import { instant } from '../../describe/ledger-text.ts'
import { scheduleStateText } from '../../describe/schedule-text.ts'
import { longestOverdueMs } from '../../store/schedule-check.ts'
import type { ScheduleInfo } from '../../store/schedules.ts'
import type { Inspector } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { paintOutcome } from '../ledger-text.ts'
import { paint, printJson, printTable, remark } from '../output.ts'
import { valueForJson } from '../run-json.ts'
import { ago } from '../run-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'
import { addScheduleActs } from './schedule-acts.ts'
import { addScheduleLooks } from './schedule-looks.ts'

type ShownSchedule = ScheduleInfo & {
  /** How late its tick or its first plan is, and why, if it is more than a little. */
  readonly late?: string
}

const columns: readonly Column<ShownSchedule>[] = [
  { title: 'SCHEDULE', cell: ({ name }) => name },
  { title: 'JOB', cell: ({ spec }) => spec.run.job, drops: 1 },
  { title: 'CRON', cell: ({ spec }) => `${spec.cron} ${spec.timeZone}`, drops: 2 },
  { title: 'NEXT', cell: nextText },
  {
    title: 'LAST',
    cell: ({ last }) => (last === undefined ? '' : `${last.outcome} ${ago(last.at)}`),
    paint: (text, { last }) => (last === undefined ? text : paintOutcome(text, last)),
    drops: 3,
  },
  {
    title: 'STATE',
    cell: (schedule) => schedule.late ?? scheduleStateText(schedule, Date.now()),
    paint: (text, { late, nextTick }) =>
      paint(late === undefined || nextTick === undefined ? 'yellow' : 'red', text),
    shrinks: true,
    least: 24,
  },
]

const fieldsOfSchedule = `SCHEDULE: name, job, origin code | hand, revision, since, cron, timeZone, missed, cap, overlap, jitterMs, input, nextTick?, overdueMs,
queued [tick], last? LINE, paused? { by, reason?, at }, dropped? { worker, at }, conflict? { worker, at }.
LINE: n, at, outcome, tick?, until?, count?, lateMs?, run?, why?, other?, by?, reason?, worker?.`

/** `schedules` lists; its subcommands read or change one schedule. */
export function addSchedules(program: Command): void {
  const command = program
    .command('schedules')
    .description('list schedules; ledger, preview, pause, resume, trigger or remove one')
    // Refused below, with a list of the subcommands: it may be the name of a schedule.
    .allowExcessArguments()
  addSharedOptions(command, '{ schedules: [SCHEDULE] }').action(async (options: SharedOptions) => {
    const [word] = command.args
    if (word !== undefined) throw unknownSubcommand(command, word, options)
    await listSchedules(options)
  })
  explainJson(command, fieldsOfSchedule)
  addScheduleLooks(command)
  addScheduleActs(command)
}

function unknownSubcommand(command: Command, word: string, options: SharedOptions): InvalidArgumentError {
  const names = command.commands.map((one) => one.name())
  return new InvalidArgumentError(
    `schedules has no command '${word}', only ${names.join(', ')}; ` +
      `of a schedule of that name: ${commandLine(['schedules', 'ledger', word], options)}`,
  )
}

async function listSchedules(options: SharedOptions): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const schedules = await inspector.schedules()
    if (options.json) return printJson({ schedules: schedules.map(scheduleForJson) })
    if (schedules.length > 0) printTable(columns, await withLate(schedules, inspector))
    else remark(`no schedule in ${inspector.address}; declare one on a job, and start a worker with it`)
  })
}

function scheduleForJson({ spec, name, origin, ...schedule }: ScheduleInfo): object {
  const { run, ...timing } = spec
  return { name, job: run.job, origin, ...timing, input: valueForJson(run.input, 'input'), ...schedule }
}

function nextText({ nextTick, overdueMs, paused, dropped }: ScheduleInfo): string {
  if (paused !== undefined || dropped !== undefined) return ''
  if (nextTick === undefined) return overdueMs > 0 ? 'not planned yet' : 'never again'
  return instant(nextTick)
}

/** Uses the bound of `attention`. */
async function withLate(
  schedules: readonly ScheduleInfo[],
  inspector: Inspector,
): Promise<readonly ShownSchedule[]> {
  const { ms, leader } = longestOverdueMs(await inspector.leaders())
  return schedules.map((schedule) =>
    schedule.overdueMs > ms && schedule.paused === undefined && schedule.dropped === undefined
      ? { ...schedule, late: lateText(schedule, leader) }
      : schedule,
  )
}

function lateText({ nextTick, overdueMs }: ScheduleInfo, leader: string | undefined): string {
  const by = durationToken(overdueMs)
  const [late, omission] =
    nextTick === undefined
      ? [`not planned for ${by}`, "doesn't plan it"]
      : [`overdue by ${by}`, "doesn't fire"]
  return `${late}: ${leader === undefined ? 'no worker leads' : `${leader} leads, but ${omission}`}`
}
