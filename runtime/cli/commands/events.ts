import { type Command, Option } from 'commander'
import { eventSentence } from '../../describe/event-sentence.ts'
import { type EventFilter, matchesEvent } from '../../describe/event-subject.ts'
import { defined } from '../../model/defined.ts'
import type { EventLog, EventPage, StoreEvent } from '../../store/events.ts'
import type { Inspector } from '../../store/store.ts'
import { onStopSignals } from '../../worker/stop-signals.ts'
import { withConnection } from '../connection.ts'
import { followEvents } from '../follow-events.ts'
import { jsonSafe } from '../json-safe.ts'
import { wholeNumber } from '../option-values.ts'
import { print, printJson, remark, say, screenWidth } from '../output.ts'
import { inOneLine, wrapBehind } from '../plain-text.ts'
import { addSharedOptions, explainJson, type SharedOptions } from '../shared-options.ts'
import { usageError } from '../usage-error.ts'
import { wholeId } from '../whole-ids.ts'

interface EventsOptions extends SharedOptions, EventFilter {
  readonly log?: EventLog
  readonly after?: string
  readonly before?: string
  readonly limit?: number
  readonly follow?: boolean
}

/** How many are read without --limit; a filter finds few in a small number. */
const readUnlimited = { plain: 50, filtered: 1_000 } as const

const gapText =
  'gap: earlier events were dropped before they were read, or the store was emptied or restored to an earlier state'

const fieldsOfEvent = `EVENT: cursor, at, kind; of kind 'run' with run, job, queue, transition, state; of kind 'operation' with
operation, subject?, by?, reason?, count?, details?. With --follow one EVENT per line; { kind: 'gap', cursor } comes before
the events that follow on events that could not be read.`

export function addEvents(program: Command): void {
  const command = program
    .command('events')
    .description('show what happened: transitions of runs, and what operators, leaders and workers did')
    .option('-f, --follow', 'keep printing new events until you stop it')
    .addOption(new Option('--log <name>', 'only one of the two logs').choices(['runs', 'operations']))
    .option(
      '--run <id>',
      'only events of this run, as far back as they are kept; the first characters of an id suffice',
    )
    .option('--job <name>', 'of the events read, only those of runs of this job')
    .option('--queue <name>', 'of the events read, only those of this queue and its runs')
    .option(
      '--limit <n>',
      `read this many, the newest (default: ${readUnlimited.plain}, with a filter ${readUnlimited.filtered})`,
      wholeNumber(1, 1000),
    )
    .option('--after <cursor>', 'read the events after this one, instead of the newest')
    .option('--before <cursor>', 'read the newest events before this one')
  addSharedOptions(command, '{ events: [EVENT], cursor, gap? }').action(showEvents)
  explainJson(command, fieldsOfEvent)
}

async function showEvents(options: EventsOptions): Promise<void> {
  const { after, before, follow: follows } = options
  if (after !== undefined && before !== undefined)
    throw usageError('--after reads forward and --before reads back; use only one of them')
  if (follows && before !== undefined)
    throw usageError(
      '--follow continues from the newest events, --before reads older ones; use only one of them',
    )
  await withConnection(options, async ({ inspector }) => {
    const { page, filter, isOfRun } = await readPage(inspector, options)
    const shown = filtered(page, filter)
    if (follows) return follow(inspector, shown, options, filter)
    if (options.json) return printJson(shown)
    printPage(shown)
    if (Object.keys(filter).length > 0 && !isOfRun)
      remark(`${shown.events.length} of the ${page.events.length} ${placeText(options)} that were read match`)
    else if (page.events.length === 0)
      remark(`no event${isOfRun ? ` of this run` : ''} in ${inspector.address}`)
    const next = nextPage(page, options)
    if (next !== '') remark(next)
  })
}

interface ReadEvents {
  readonly page: EventPage
  readonly filter: EventFilter
  /** All read events are the run's. */
  readonly isOfRun: boolean
}

/**
 * The store finds the events of one run, among any number of others; other filters apply to the events that were read.
 */
async function readPage(inspector: Inspector, options: EventsOptions): Promise<ReadEvents> {
  const { log, after, before, job, queue } = options
  const run = options.run === undefined ? undefined : await wholeId(inspector, options.run)
  const filter = defined({ run, job, queue })
  const limit = limitOf(options)
  if (run !== undefined && after === undefined) {
    const page = await inspector.events({ run, limit, ...defined({ log, before }) })
    // An unknown id may be the begin of another one.
    if (page.events.length > 0 || (await inspector.run(run)) !== undefined)
      return { page, filter, isOfRun: job === undefined && queue === undefined }
  }
  const page = await inspector.events({ limit, ...defined({ log, after, before }) })
  return { page, filter, isOfRun: false }
}

function limitOf({ limit, run, job, queue }: EventsOptions): number {
  const isFiltered = run !== undefined || job !== undefined || queue !== undefined
  return limit ?? (isFiltered ? readUnlimited.filtered : readUnlimited.plain)
}

function placeText({ after, before }: EventsOptions): string {
  return after === undefined && before === undefined ? 'newest events' : 'events'
}

function nextPage({ events, cursor }: EventPage, options: EventsOptions): string {
  const { after, before, run } = options
  const [oldest] = events
  if (oldest === undefined || events.length < limitOf(options)) return ''
  if (after !== undefined) return `there may be more: add --after ${cursor}`
  const isPaging = before !== undefined || run !== undefined
  return isPaging ? `there may be older ones: add --before ${oldest.cursor}` : ''
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
    const from = { after: cursor, ...defined({ log }) }
    await followEvents(inspector, from, { show, tell: remark }, stop.signal)
  } catch (error) {
    remark(`to continue from here, add --after ${cursor}`)
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

/** Indents the later lines of a long sentence. */
function printEvent(event: StoreEvent): void {
  const time = new Date(event.at).toISOString().replace(/\.\d+Z$/, 'Z')
  print(wrapBehind(`${time}  `, inOneLine(eventSentence(event)), screenWidth()).join('\n'))
}

function printLines({ events, cursor, gap }: EventPage): void {
  const line = (value: unknown): void => print(JSON.stringify(jsonSafe(value)))
  if (gap) line({ kind: 'gap', cursor: events[0]?.cursor ?? cursor })
  for (const event of events) line(event)
}
