import { eventSentence, transitionText } from '../../../runtime/describe/event-sentence.ts'
import { failureText } from '../../../runtime/describe/failure-text.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { StoreEvent } from '../../../runtime/store/events.ts'
import type { ScreenName } from '../../../tui/app/place.ts'
import type { Shop } from './shop.ts'

/*
 * What each screen has to show of a shop, as the Inspector tells it: read from the store for each check, and written down
 * here a second time, apart from the screens' own selectors.
 */

export interface ShopScreen {
  /** Opens it, behind `:`. */
  place(shop: Shop): string
  /** Only on this screen. */
  shown(shop: Shop): RegExp
  /** A part of each row, in the order of the list. */
  rows(shop: Shop): Promise<readonly string[]>
  /** How many rows the list has room for at 80x24. */
  readonly height: number
  /** Numbers, names and states that have to be there. */
  facts(shop: Shop): Promise<readonly RegExp[]>
  /** The title of the second list, which tab goes to. */
  readonly second?: RegExp
  /** What enter opens on a row; left out: nothing. */
  readonly opens?: { readonly row: number; shown(shop: Shop): RegExp }
  /** What J offers or opens for the first row; left out: nothing. */
  readonly jumps?: RegExp
  /** What is typed into the filter, and the rows that are left then. */
  readonly filter?: { readonly typed: string; left(shop: Shop): Promise<readonly string[]> }
  /** Which line of the picker is chosen, the rows as they are then, and the mark of the order; left out: the order is fixed. */
  readonly sort?: {
    readonly line: number
    rows(shop: Shop): Promise<readonly string[]>
    /** What shows the order and the one turned around; left out: the mark at a column. */
    readonly marks?: readonly [RegExp, RegExp]
  }
  /** What y copies of the first row; a key where it asks. */
  readonly copy?: { readonly key?: string; text(shop: Shop): Promise<string> }
}

export function short(id: string): string {
  return `…${id.slice(-9)}`
}

function pattern(...parts: readonly (string | number)[]): RegExp {
  return new RegExp(parts.map((part) => escaped(String(part))).join('.*'))
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

async function newestRuns({ jobs }: Shop): Promise<readonly Run[]> {
  return (await jobs.inspector.runs({ limit: 100 })).runs
}

const stateWords: Readonly<Record<string, string>> = { waiting: 'limited' }

async function findings({ jobs }: Shop): Promise<readonly string[]> {
  return (await jobs.attention()).map(({ sentence }) => sentence.slice(0, 40))
}

async function home(shop: Shop): Promise<readonly RegExp[]> {
  const { inspector } = shop.jobs
  const { workers, queues, leaders } = await inspector.overview({ range: '1h' })
  const live = queues.flatMap(({ name, counts }) => {
    const { scheduled: _, ...others } = counts
    return [{ name, count: Object.values(others).reduce((sum, n) => sum + n, 0) }]
  })
  const slots = workers.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const taken = workers.reduce((sum, { running }) => sum + running, 0)
  const backlog = live.reduce((sum, { count }) => sum + count, 0)
  return [
    pattern('backlog', backlog),
    pattern(`● ${workers.length} working`),
    pattern('slots', `${taken}/${slots}`),
    ...live.map(({ name, count }) => pattern(name, count)),
    ...queues.flatMap(({ name, paused }) => (paused ? [pattern(name, `‖ paused by ${paused.by}`)] : [])),
    ...leaders.flatMap(({ worker }) => (worker === undefined ? [] : [pattern(`◆ ${worker} leads`)])),
    ...(await findings(shop)).map((sentence) => pattern(sentence)),
  ]
}

const totalOf = (counts: readonly { readonly count: number }[]): number =>
  counts.reduce((sum, { count }) => sum + count, 0)

async function queueNames({ jobs }: Shop): Promise<readonly string[]> {
  const { queues, counts, workers } = await jobs.inspector.overview({ range: '1h' })
  const served = workers.flatMap(({ jobs: own }) => own.map(({ queue }) => queue))
  const names = new Set([...queues.map(({ name }) => name), ...counts.map(({ queue }) => queue), ...served])
  const info = (name: string) => queues.find((queue) => queue.name === name)
  const busy = (name: string): number => {
    const { ready = 0, waiting = 0, running = 0 } = info(name)?.counts ?? {}
    return ready + waiting + running
  }
  const age = (name: string): number => info(name)?.oldestReadyMs ?? -1
  return [...names].sort((a, b) => age(b) - age(a) || busy(b) - busy(a) || (a < b ? -1 : 1))
}

async function queueFacts(shop: Shop): Promise<readonly RegExp[]> {
  const counts = await shop.jobs.inspector.counts()
  const names = await queueNames(shop)
  return names.map((name) => {
    const of = (state: string): number =>
      totalOf(counts.filter((one) => one.queue === name && one.state === state))
    const numbers = ['ready', 'running', 'waiting'].map(of).join(' +')
    return new RegExp(`${name} +${numbers} .*\\b${of('failed')}\\b`)
  })
}

async function workerNames({ jobs }: Shop): Promise<readonly string[]> {
  return (await jobs.inspector.workers()).map(({ name }) => name).sort()
}

async function workerFacts({ jobs }: Shop): Promise<readonly RegExp[]> {
  const workers = await jobs.inspector.workers()
  const [first] = workers.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const held = first === undefined ? [] : (await jobs.inspector.runs({ worker: first.name, limit: 10 })).runs
  return [
    ...workers.map(({ name, running, concurrency }) =>
      pattern(name, '● working', `${running}/${concurrency}`),
    ),
    ...(first === undefined ? [] : [pattern('process', first.pid, first.host)]),
    pattern('runs', held.length, 'in hand'),
  ]
}

async function scheduleNames({ jobs }: Shop): Promise<readonly string[]> {
  const schedules = await jobs.inspector.schedules()
  const rank = ({ paused, nextTick }: (typeof schedules)[number]): number =>
    paused === undefined ? (nextTick ?? 0) : Number.MAX_SAFE_INTEGER
  return schedules.toSorted((a, b) => rank(a) - rank(b)).map(({ name }) => name)
}

async function limiterNames({ jobs }: Shop): Promise<readonly string[]> {
  const limiters = await jobs.inspector.limiters()
  return limiters.toSorted((a, b) => b.waiting - a.waiting).map(({ name }) => name)
}

async function limiterFacts({ jobs }: Shop): Promise<readonly RegExp[]> {
  const limiters = await jobs.inspector.limiters()
  const keys = await Promise.all(
    limiters.map(async ({ name, waiting }) => {
      const [key] = await jobs.inspector.limiterKeys(name, 1)
      return pattern(name, ...(key === undefined ? [] : [`${key.used}/${key.max}`]), waiting)
    }),
  )
  const waiting = limiters.reduce((sum, limiter) => sum + limiter.waiting, 0)
  return [...keys, pattern(`${waiting} runs or steps wait`)]
}

async function failureRows({ jobs }: Shop): Promise<readonly string[]> {
  const groups = await jobs.inspector.failures({ order: 'latest', limit: 20 })
  return groups.map((group) => failureText(group).slice(0, 20))
}

async function failureFacts({ jobs }: Shop): Promise<readonly RegExp[]> {
  const groups = await jobs.inspector.failures({ order: 'latest', limit: 20 })
  const [first] = groups
  return [
    ...groups.map((group) => pattern(`✖ ${group.failedNow}`, failureText(group).slice(0, 20))),
    pattern(
      `${totalOf(groups.map(({ failedNow: count }) => ({ count })))} runs are failed now in ${groups.length} of`,
    ),
    ...(first === undefined ? [] : [pattern(first.fingerprint), pattern('sample', first.sample)]),
    ...(first === undefined
      ? []
      : [pattern('failed now', first.failedNow, 'for good', first.runs, 'tries', first.tries)]),
  ]
}

async function newestEvents({ jobs }: Shop): Promise<readonly StoreEvent[]> {
  return (await jobs.inspector.events({ limit: 1_000 })).events.toReversed()
}

function eventText(event: StoreEvent): string {
  const text =
    event.kind === 'run' ? `${event.job} ${short(event.run)} ${transitionText(event)}` : eventSentence(event)
  return text.slice(0, 50)
}

async function checkNames({ jobs }: Shop): Promise<readonly string[]> {
  const gravity = ['fault', 'warning', 'fine']
  const checks = await jobs.inspector.checks('all')
  return checks
    .toSorted((a, b) => gravity.indexOf(a.verdict) - gravity.indexOf(b.verdict))
    .map(({ name }) => name)
}

/** Paths of its steps below the run itself, a scope before what is in it. */
const stepNames = ['settle', 'load', 'parcel', 'pack', 'charge'] as const

async function runFacts({ jobs, failed }: Shop): Promise<readonly RegExp[]> {
  const run = await jobs.inspector.run(failed)
  if (run?.state !== 'failed') throw new Error('it is not failed')
  return [
    pattern(`settle v${run.version}`, failed),
    pattern('✖ failed'),
    pattern('queue', run.queue, 'attempt', run.attempt, 'tags', run.tags.join(' ')),
    ...stepNames.map((name) => pattern(name)),
    // Where its line breaks depends on the width.
    pattern(run.error.message.slice(0, 40)),
  ]
}

async function stepFacts({ jobs, failed }: Shop): Promise<readonly RegExp[]> {
  const entries = await jobs.inspector.journal(failed, { after: 0, limit: 100 })
  const tries = entries.filter(({ path }) => path === 'charge')
  return [
    pattern(`${tries.length} tries`, 'settle', failed),
    ...tries.flatMap((entry) =>
      'error' in entry ? [pattern(`try ${entry.attempt}`), pattern(entry.error.message)] : [],
    ),
  ]
}

export const shopScreens: Readonly<Record<ScreenName, ShopScreen>> = {
  home: {
    place: () => 'home',
    shown: () => /\[1 Home[\s\S]*needs attention/,
    rows: findings,
    height: 6,
    facts: home,
    second: /▸─ queues by oldest/,
    opens: { row: 0, shown: () => /── imports paused for / },
    copy: { text: async ({ jobs }) => (await jobs.attention())[0]?.id ?? '' },
  },
  runs: {
    place: () => 'runs',
    shown: () => /\[2 Runs/,
    rows: async (shop) => (await newestRuns(shop)).map(({ id }) => short(id)),
    height: 18,
    facts: async (shop) => {
      const runs = await newestRuns(shop)
      const shown = runs.slice(0, 18)
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
        /next +in \d+d/,
        /runs +mail v1 in queue mail/,
      ]
    },
    second: /▸─ ledger of nightly/,
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
    second: /▸─ keys of tenant/,
    opens: { row: 0, shown: () => /state:waiting job:sync {2}newest first/ },
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
        /following {2}\d+ kept, newest first/,
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
    height: 12,
    facts: async ({ jobs }) => {
      const checks = await jobs.inspector.checks('all')
      // The gravest first: one that is fine is below the frame.
      const fine = checks.filter(({ verdict }) => verdict === 'fine').slice(0, 10)
      const others = checks.filter(({ verdict }) => verdict !== 'fine')
      return [...others, ...fine].map(({ name, verdict }) => pattern(verdict, name))
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
    second: /▸─ (why|error|input)/,
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
    copy: { key: 'y', text: async () => 'charge' },
  },
}
