import { clockTime } from '../../runtime/describe/clock-time.ts'
import { eventSentence } from '../../runtime/describe/event-sentence.ts'
import { formatDuration } from '../../runtime/model/format-duration.ts'
import type { StoreEvent } from '../../runtime/store/events.ts'
import { escapedText } from './quoted-text.ts'

/** The content of a report: plain data, read before. */
export interface Incident {
  /** Its subject: a finding, a failure group, a run. */
  readonly title: string
  /** Sentences that say why, the first one first. */
  readonly causes: readonly string[]
  readonly severity?: string
  /** When it began; `sinceAtLeast`: then or before. */
  readonly since?: number
  readonly sinceAtLeast?: boolean
  /** What changed near its begin. */
  readonly nearby?: string
  /** The events in the store, oldest first. */
  readonly events: readonly StoreEvent[]
  /** Other events, such as the run's own; oldest first. */
  readonly moments?: readonly Moment[]
  /** Runs that it is about. */
  readonly runs: readonly IncidentRun[]
  /** How many runs there are, if more than are listed. */
  readonly runCount?: number
  /** Commands that show or repair it, as they can be typed. */
  readonly commands: readonly string[]
  /** Where the store is, without secrets. */
  readonly store: string
  /** The environment's name. */
  readonly environment?: string
  /** When the report is made, by the store's clock. */
  readonly now: number
}

export interface Moment {
  readonly at: number
  readonly text: string
}

interface IncidentRun {
  readonly id: string
  /** Its state and why: `failed: TypeError: no sku`. */
  readonly text: string
}

const reportBounds = { events: 30, runs: 20, lineLength: 400 } as const

/** Returns a report in Markdown, to be pasted into a chat or a ticket. */
export function incidentReport(incident: Incident): string {
  const { causes, commands } = incident
  const parts = [
    `# ${inline(incident.title)}`,
    factLines(incident).join('\n'),
    section(
      'Cause',
      causes.map((cause) => `- ${inline(cause)}`),
    ),
    section('Timeline (UTC)', timeline(incident)),
    section(runsTitle(incident), runLines(incident)),
    section('Commands', commands.length === 0 ? [] : fenced(commands)),
  ]
  return `${parts.filter((text) => text !== '').join('\n\n')}\n`
}

function factLines({ severity, environment, store, now, since, sinceAtLeast, nearby }: Incident): string[] {
  const where = environment === undefined ? '' : ` (${inline(environment)})`
  return [
    ...(severity === undefined ? [] : [`- severity: ${inline(severity)}`]),
    ...(since === undefined ? [] : [`- since: ${sinceText(since, sinceAtLeast === true, now)}`]),
    ...(nearby === undefined ? [] : [`- changed nearby: ${inline(nearby)}`]),
    `- store: ${code(store)}${where}`,
    `- as of: ${new Date(now).toISOString()}`,
  ]
}

function sinceText(since: number, atLeast: boolean, now: number): string {
  const ago = formatDuration(Math.max(0, now - since))
  return `${new Date(since).toISOString()} (${ago}${atLeast ? ' or longer' : ''})`
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`## ${title}`, '', ...lines].join('\n')
}

function timeline({ events, moments = [], now }: Incident): string[] {
  const all = [...events.map((event) => ({ at: event.at, text: eventSentence(event) })), ...moments]
  const shown = all.sort((a, b) => a.at - b.at).slice(-reportBounds.events)
  const left = all.length - shown.length
  return [
    ...(left === 0 ? [] : [`- … ${left} earlier events`]),
    ...shown.map(({ at, text }) => `- ${clockTime(at, now).replace(' UTC', '')} ${inline(text)}`),
  ]
}

function runsTitle({ runs, runCount = runs.length }: Incident): string {
  return `Runs (${runCount.toLocaleString('en')})`
}

function runLines({ runs, runCount = runs.length }: Incident): string[] {
  const shown = runs.slice(0, reportBounds.runs)
  const left = runCount - shown.length
  return [
    ...shown.map(({ id, text }) => `- ${code(id)}${text === '' ? '' : ` ${inline(text)}`}`),
    ...(left > 0 ? [`- … ${left.toLocaleString('en')} more`] : []),
  ]
}

/** A fence is longer than any in what it holds. */
function fenced(commands: readonly string[]): string[] {
  const longest = Math.max(
    2,
    ...commands.flatMap((text) => (text.match(/`+/g) ?? []).map(({ length }) => length)),
  )
  const fence = '`'.repeat(longest + 1)
  return [`${fence}sh`, ...commands.map(escapedText), fence]
}

/** Text of jobs and operators on one line, with nothing in it that Markdown would read as a sign of its own. */
function inline(text: string): string {
  const line = escapedText(text.trim())
  const kept = line.length > reportBounds.lineLength ? `${line.slice(0, reportBounds.lineLength)}…` : line
  return kept.replace(/[\\`*_[\]<>|#]/g, '\\$&')
}

function code(text: string): string {
  return `\`${escapedText(text).replaceAll('`', "'")}\``
}
