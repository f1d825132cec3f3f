import { type Command, Option } from 'commander'
import { eventSentence } from '../../describe/event-sentence.ts'
import { type EventFilter, matchesEvent } from '../../describe/event-subject.ts'
import type { EventLog, EventPage, StoreEvent } from '../../store/events.ts'
import type { Inspector } from '../../store/store.ts'
import { onStopSignals } from '../../worker/stop-signals.ts'
import { withConnection } from '../connection.ts'
import { followEvents } from '../follow-events.ts'
import { given } from '../given.ts'
import { jsonSafe } from '../json-safe.ts'
import { wholeNumber } from '../option-values.ts'
import { print, printJson, remark, say, screenWidth } from '../output.ts'
import { inOneLine, wrapBehind } from '../plain-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'

interface EventsOptions extends SharedOptions, EventFilter {
  readonly log?: EventLog
  readonly after?: string
  readonly limit?: number
  readonly follow?: boolean
}

/** How many are read without --limit; a filter finds little in few. */
const readUnlimited = { plain: 50, filtered: 1_000 } as const

const gapText =
  'gap: events before this were dropped before they were read, or the store was emptied or put back to an earlier state'

const fieldsOfEvent = `EVENT: cursor, at, kind; of kind 'run' with run, job, queue, transition, state; of kind 'operation' with
operation, subject?, by?, reason?, count?, details?. With --follow one EVENT per line; { kind: 'gap', cursor } stands before
the events that follow on events that could not be read.`

export function addEvents(program: Command): void {
  const command = program
    .command('events')
    .description('show what happened: transitions of runs, and what operators, leaders and workers did')
    .option('-f, --follow', 'go on as new events come, until you stop it')
    .addOption(new Option('--log <name>', 'only one of the two logs').choices(['runs', 'operations']))
    .option('--run <id>', 'of those that are read only events of this run; the begin of an id is enough')
    .option('--job <name>', 'of those that are read only events of runs of this job')
    .option('--queue <name>', 'of those that are read only events of this queue and its runs')
    .option(
      '--limit <n>',
      `read this many, the newest (default: ${readUnlimited.plain}, with a filter ${readUnlimited.filtered})`,
      wholeNumber(1, 1000),
    )
    .option('--after <cursor>', 'read those that came after this one, instead of the newest')
  addSharedOptions(command, '{ events: [EVENT], cursor, gap? }').action(showEvents)
  explainJson(command, fieldsOfEvent)
}

async function showEvents(options: EventsOptions): Promise<void> {
  const { log, after } = options
  const filter = given({ run: options.run, job: options.job, queue: options.queue })
  const isFiltered = Object.keys(filter).length > 0
  const limit = options.limit ?? (isFiltered ? readUnlimited.filtered : readUnlimited.plain)
  await withConnection(options, async ({ inspector }) => {
    const page = await inspector.events({ limit, ...given({ log, after }) })
    const shown = filtered(page, filter)
    if (options.follow) return follow(inspector, shown, options, filter)
    if (options.json) return printJson(shown)
    printPage(shown)
    const where = after === undefined ? 'newest events' : 'events'
    if (isFiltered)
      remark(`${shown.events.length} of the ${page.events.length} ${where} that were read match`)
    else if (page.events.length === 0) remark(`no event in ${inspector.address}`)
    if (after !== undefined && page.events.length === limit)
      remark(`there may be more: add --after ${page.cursor}`)
  })
}

async function follow(
  inspector: Inspector,
  first: EventPage,
  { log, json }: EventsOptions,
  filter: EventFilter,
): Promise<void> {
  const stop = new AbortController()
  const signals = onStopSignals(() => stop.abort())
  const print = json ? printLines : printPage
  let { cursor } = first
  const show = (page: EventPage): void => {
    print(filtered(page, filter))
    cursor = page.cursor
  }
  try {
    print(first)
    const from = { after: cursor, ...given({ log }) }
    await followEvents(inspector, from, { show, tell: remark }, stop.signal)
  } catch (error) {
    remark(`to go on from here, add --after ${cursor}`)
    throw error
  } finally {
    signals.release()
  }
}

function filtered(page: EventPage, filter: EventFilter): EventPage {
  return { ...page, events: page.events.filter((event) => matchesEvent(event, filter)) }
}

function printPage({ events, gap }: EventPage): void {
  if (gap) say(gapText)
  for (const event of events) printEvent(event)
}

/** Later lines of a long sentence stand under its begin. */
function printEvent(event: StoreEvent): void {
  const time = new Date(event.at).toISOString().replace(/\.\d+Z$/, 'Z')
  print(wrapBehind(`${time}  `, inOneLine(eventSentence(event)), screenWidth()).join('\n'))
}

function printLines({ events, cursor, gap }: EventPage): void {
  const line = (value: unknown): void => print(JSON.stringify(jsonSafe(value)))
  if (gap) line({ kind: 'gap', cursor: events[0]?.cursor ?? cursor })
  for (const event of events) line(event)
}
