import { eventSentence, transitionText } from '../../../runtime/describe/event-sentence.ts'
import { failureText } from '../../../runtime/describe/failure-text.ts'
import type { Run } from '../../../runtime/model/run.ts'
import type { StoreEvent } from '../../../runtime/store/events.ts'
import type { StoreCheck } from '../../../runtime/store/store.ts'
import type { Shop } from './shop.ts'

/*
 * What the Inspector tells of a shop, as the screens have to show it: read from the store for each check, and written down
 * apart from the screens' own selectors.
 */

export function short(id: string): string {
  return `…${id.slice(-9)}`
}

export function pattern(...parts: readonly (string | number)[]): RegExp {
  return new RegExp(parts.map((part) => escaped(String(part))).join('.*'))
}

export function either(one: RegExp, other: RegExp): RegExp {
  return new RegExp(`${one.source}|${other.source}`)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

export async function newestRuns({ jobs }: Shop): Promise<readonly Run[]> {
  return (await jobs.inspector.runs({ limit: 100 })).runs
}

export const stateWords: Readonly<Record<string, string>> = { waiting: 'limited' }

export async function findings({ jobs }: Shop): Promise<readonly string[]> {
  return (await jobs.attention()).map(({ sentence }) => sentence.slice(0, 40))
}

export async function home(shop: Shop): Promise<readonly RegExp[]> {
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

export async function queueNames({ jobs }: Shop): Promise<readonly string[]> {
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

export async function queueFacts(shop: Shop): Promise<readonly RegExp[]> {
  const counts = await shop.jobs.inspector.counts()
  const names = await queueNames(shop)
  return names.map((name) => {
    const of = (state: string): number =>
      totalOf(counts.filter((one) => one.queue === name && one.state === state))
    const numbers = ['ready', 'running', 'waiting'].map(of).join(' +')
    return new RegExp(`${name} +${numbers} .*\\b${of('failed')}\\b`)
  })
}

export async function workerNames({ jobs }: Shop): Promise<readonly string[]> {
  return (await jobs.inspector.workers()).map(({ name }) => name).sort()
}

export async function workerFacts({ jobs }: Shop): Promise<readonly RegExp[]> {
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

export async function scheduleNames({ jobs }: Shop): Promise<readonly string[]> {
  const schedules = await jobs.inspector.schedules()
  const rank = ({ paused, nextTick }: (typeof schedules)[number]): number =>
    paused === undefined ? (nextTick ?? 0) : Number.MAX_SAFE_INTEGER
  return schedules.toSorted((a, b) => rank(a) - rank(b)).map(({ name }) => name)
}

export async function limiterNames({ jobs }: Shop): Promise<readonly string[]> {
  const limiters = await jobs.inspector.limiters()
  return limiters.toSorted((a, b) => b.waiting - a.waiting).map(({ name }) => name)
}

export async function limiterFacts({ jobs }: Shop): Promise<readonly RegExp[]> {
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

export async function failureRows({ jobs }: Shop): Promise<readonly string[]> {
  const groups = await jobs.inspector.failures({ order: 'latest', limit: 20 })
  return groups.map((group) => failureText(group).slice(0, 20))
}

export async function failureFacts({ jobs }: Shop): Promise<readonly RegExp[]> {
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

export async function newestEvents({ jobs }: Shop): Promise<readonly StoreEvent[]> {
  return (await jobs.inspector.events({ limit: 1_000 })).events.toReversed()
}

export function eventText(event: StoreEvent): string {
  const text =
    event.kind === 'run' ? `${event.job} ${short(event.run)} ${transitionText(event)}` : eventSentence(event)
  return text.slice(0, 50)
}

/** The gravest first. */
export async function checksOf({ jobs }: Shop): Promise<readonly StoreCheck[]> {
  const gravity = ['fault', 'warning', 'fine']
  const checks = await jobs.inspector.checks('all')
  return checks.toSorted((a, b) => gravity.indexOf(a.verdict) - gravity.indexOf(b.verdict))
}

export async function checkNames(shop: Shop): Promise<readonly string[]> {
  return (await checksOf(shop)).map(({ name }) => name)
}

/** Paths of its steps below the run itself, a scope before its content. */
export const stepNames = ['settle', 'load', 'parcel', 'pack', 'charge'] as const

export async function runFacts({ jobs, failed }: Shop): Promise<readonly RegExp[]> {
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

export async function stepFacts({ jobs, failed }: Shop): Promise<readonly RegExp[]> {
  const entries = await jobs.inspector.journal(failed, { after: 0, limit: 100 })
  const tries = entries.filter(({ path }) => path === 'charge')
  return [
    pattern(`${tries.length} tries`, 'settle', failed),
    ...tries.flatMap((entry) =>
      'error' in entry ? [pattern(`try ${entry.attempt}`), pattern(entry.error.message)] : [],
    ),
  ]
}
