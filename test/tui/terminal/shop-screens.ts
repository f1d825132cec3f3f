import { eventSentence } from '../../../runtime/describe/event-sentence.ts'
import type { ScreenName } from '../../../tui/app/place.ts'
import type { Shop } from './shop.ts'
import {
  checkNames,
  checksOf,
  either,
  eventText,
  failureFacts,
  failureRows,
  findings,
  home,
  limiterFacts,
  limiterNames,
  newestEvents,
  newestRuns,
  pattern,
  queueFacts,
  queueNames,
  runFacts,
  scheduleNames,
  short,
  stateWords,
  stepFacts,
  stepNames,
  workerFacts,
  workerNames,
} from './shop-facts.ts'

/** The text that a screen must show of a shop, and the targets of its keys. */
export interface ShopScreen {
  /** Opens it, behind `:`. */
  place(shop: Shop): string
  /** Only on this screen. */
  shown(shop: Shop): RegExp
  /** A part of each row, in the order of the list. */
  rows(shop: Shop): Promise<readonly string[]>
  /** How many rows the list has room for at 80x24. */
  readonly height: number
  /** Required numbers, names and states. */
  facts(shop: Shop): Promise<readonly RegExp[]>
  /** The titles of the other lists, in the order in which tab goes to them. */
  readonly others?: readonly RegExp[]
  /** The place that enter opens on a row; omitted: none. */
  readonly opens?: { readonly row: number; shown(shop: Shop): RegExp }
  /** The places that J offers or opens for the first row; omitted: none. */
  readonly jumps?: RegExp
  /** The text typed into the filter, and the rows that match. */
  readonly filter?: { readonly typed: string; left(shop: Shop): Promise<readonly string[]> }
  /** The chosen line of the picker, the rows in that order, and the mark of the order; omitted: the order is fixed. */
  readonly sort?: {
    readonly line: number
    rows(shop: Shop): Promise<readonly string[]>
    /** The text that shows the order and its reverse; omitted: the mark at a column. */
    readonly marks?: readonly [RegExp, RegExp]
  }
  /** The text that y copies of the first row; a key if it asks for one. */
  readonly copy?: { readonly key?: string; text(shop: Shop): Promise<string> }
}

export const shopScreens: Readonly<Record<ScreenName, ShopScreen>> = {
  home: {
    place: () => 'home',
    shown: () => /\[1 Home[\s\S]*needs attention/,
    rows: findings,
    height: 6,
    facts: home,
    others: [/▸─ queues by oldest/],
    opens: { row: 0, shown: () => /── imports paused for / },
    jumps: /── state:ready queue:imports {2}newest first/,
    copy: { text: async ({ jobs }) => (await jobs.attention())[0]?.id ?? '' },
  },
  runs: {
    place: () => 'runs',
    shown: () => /\[2 Runs/,
    rows: async (shop) => (await newestRuns(shop)).map(({ id }) => short(id)),
    height: 12,
    facts: async (shop) => {
      const runs = await newestRuns(shop)
      const shown = runs.slice(0, 12)
      return [
        pattern(`1 of ${runs.length}`),
        ...shown.map(({ id, job, state }) => pattern(short(id), job, stateWords[state] ?? state)),
      ]
    },
    opens: { row: 0, shown: ({ failed }) => new RegExp(`Runs › ${failed}|── settle v1 ${failed}`) },
    jumps: /jump to[\s\S]*failures of this kind[\s\S]*queue billing/,
    filter: {
      typed: 'job:load',
      left: async ({ jobs }) =>
        (await jobs.inspector.runs({ job: 'load', limit: 10 })).runs.map(({ id }) => short(id)),
    },
    sort: {
      line: 0,
      rows: async (shop) => (await newestRuns(shop)).map(({ id }) => short(id)),
      // The column itself has no room.
      marks: [/── all {2}newest first/, /── all {2}oldest first/],
    },
    copy: { text: async (shop) => (await newestRuns(shop))[0]?.id ?? '' },
  },
  queues: {
    place: () => 'queues',
    shown: () => /\[3 /,
    rows: queueNames,
    height: 9,
    facts: queueFacts,
    opens: { row: 0, shown: () => /queue:imports {2}newest first/ },
    jumps: /jump to[\s\S]*its oldest ready run[\s\S]*workers that serve it/,
    filter: { typed: 'mail', left: async () => ['mail'] },
    sort: { line: 4, rows: async (shop) => (await queueNames(shop)).toSorted() },
    copy: { text: async (shop) => (await queueNames(shop))[0] ?? '' },
  },
  workers: {
    place: () => 'workers',
    shown: () => /\[4 /,
    rows: workerNames,
    height: 9,
    facts: workerFacts,
    opens: { row: 0, shown: () => /worker:shop-a {2}newest first/ },
    jumps: /jump to[\s\S]*run .* of s[\s\S]*queue /,
    filter: { typed: 'shop-b', left: async () => ['shop-b'] },
    sort: { line: 0, rows: workerNames },
    copy: { text: async (shop) => (await workerNames(shop))[0] ?? '' },
  },
  cron: {
    place: () => 'cron',
    shown: () => /\[5 /,
    rows: scheduleNames,
    height: 9,
    facts: async ({ jobs }) => {
      const schedules = await jobs.inspector.schedules()
      return [
        ...schedules.map(({ name, spec, paused }) =>
          pattern(name, spec.cron, ...(paused === undefined ? [] : ['paused'])),
        ),
        /next +in \d+d(\d+h)? \d{4}-02-29 /,
        /runs +mail v1 in queue mail/,
      ]
    },
    others: [/▸─ ledger of nightly/],
    opens: { row: 0, shown: () => /job:mail {2}newest first/ },
    jumps: /jump to[\s\S]*failed runs of mail[\s\S]*queue mail[\s\S]*workers that have mail/,
    filter: { typed: 'weekly', left: async () => ['weekly'] },
    sort: { line: 1, rows: async (shop) => (await scheduleNames(shop)).toSorted() },
    copy: { text: async (shop) => (await scheduleNames(shop))[0] ?? '' },
  },
  limits: {
    place: () => 'limits',
    shown: () => /\[6 /,
    rows: limiterNames,
    height: 9,
    facts: limiterFacts,
    others: [/▸─ keys of tenant/, /▸─ holders and waiters of key/],
    opens: { row: 0, shown: () => /── limiter:tenant {2}newest first/ },
    jumps: /jump to[\s\S]*which holds it[\s\S]*of sync, which waits[\s\S]*queue default/,
    filter: { typed: 'gateway', left: async () => ['gateway'] },
    sort: { line: 3, rows: async (shop) => (await limiterNames(shop)).toSorted() },
    copy: { text: async (shop) => (await limiterNames(shop))[0] ?? '' },
  },
  failures: {
    place: () => 'failures',
    shown: () => /\[7 /,
    rows: failureRows,
    height: 9,
    facts: failureFacts,
    opens: { row: 0, shown: () => /by:f1:\w+ {2}newest first/ },
    jumps: /── settle v1 /,
    filter: { typed: 'account', left: async () => ['TypeError: no such'] },
    sort: { line: 1, rows: failureRows },
    copy: {
      key: 'y',
      text: async ({ jobs }) =>
        (await jobs.inspector.failures({ order: 'latest', limit: 1 }))[0]?.fingerprint ?? '',
    },
  },
  events: {
    place: () => 'events',
    shown: () => /\[8 /,
    rows: async (shop) => (await newestEvents(shop)).map(eventText),
    height: 13,
    facts: async (shop) => {
      const events = await newestEvents(shop)
      return [
        /following {2}\d+ read, newest first/,
        ...events.slice(0, 13).map((event) => pattern(eventText(event))),
      ]
    },
    opens: { row: 0, shown: () => /▸ weekly/ },
    filter: { typed: 'ops nightly', left: async () => ["schedule 'nightly' put"] },
    copy: {
      text: async (shop) => {
        const [event] = await newestEvents(shop)
        return event === undefined ? '' : eventSentence(event)
      },
    },
  },
  doctor: {
    place: () => 'doctor',
    shown: () => /\[9 /,
    rows: checkNames,
    height: 9,
    facts: async (shop) => {
      // How fast the server replies is measured anew for each read: its row is among the first nine if it was slow.
      const rows = (await checksOf(shop)).filter(({ name }) => name !== 'latency')
      const wanted = rows.slice(0, 9).map(({ name, verdict }) => pattern(verdict, name))
      const last = wanted.pop()
      return last === undefined ? wanted : [...wanted, either(last, pattern('warning', 'latency'))]
    },
    filter: {
      typed: 'clock',
      left: async (shop) => (await checkNames(shop)).filter((name) => name.includes('clock')),
    },
  },
  run: {
    place: ({ failed }) => `run ${failed}`,
    shown: ({ failed }) => new RegExp(`── settle v1 ${failed}`),
    rows: async () => stepNames,
    height: 5,
    facts: runFacts,
    others: [/▸─ (why|error|input)/],
    opens: { row: 1, shown: ({ failed }) => new RegExp(`── load .*of settle ${failed}`) },
    jumps: /jump to[\s\S]*failures of this kind[\s\S]*queue billing[\s\S]*runs of settle/,
    copy: { key: 'y', text: async ({ failed }) => failed },
  },
  step: {
    place: ({ failed }) => `step ${failed} charge`,
    shown: ({ failed }) => new RegExp(`── charge .*of settle ${failed}`),
    // Each try, the message of its error, and where it was thrown.
    rows: async () => ['try 2 failed', 'code 42', 'bank.ts', 'try 1 failed', 'code 41', 'bank.ts'],
    height: 19,
    facts: stepFacts,
    jumps: /jump to[\s\S]*run [\s\S]*failures of this kind[\s\S]*queue billing/,
    copy: { key: 'y', text: async () => 'charge' },
  },
}
