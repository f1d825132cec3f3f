import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { RunHandle } from '../../sdk/index.ts'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import type { Line } from '../support/fleet/body-log.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { maxPerKey } from '../support/fleet/limited-jobs.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { type KeyIdle, KeyIdleWatch } from './key-idle.ts'

const runCount = provingNumber('DURABLE_JOBS_PROVE_LIMITED', 160)
const keyCount = provingNumber('DURABLE_JOBS_PROVE_KEYS', 8)
/** From one signal to the next. */
const signalMs = provingNumber('DURABLE_JOBS_PROVE_SIGNAL_MS', 250)
const seed = provingNumber('DURABLE_JOBS_PROVE_SEED', 1)
const workers = 4
const signalCount = provingNumber('DURABLE_JOBS_PROVE_SIGNALS', 4)
/** Any two of them have a slot for all that the limits allow at once. */
const options = { concurrency: Math.ceil((keyCount * maxPerKey) / 2) }
const shortestBodyMs = provingNumber('DURABLE_JOBS_PROVE_BODY_MS', 100)
const maxTestMs = 60_000 + runCount * 100

describe.each(storeKinds)('%s', (store) => {
  test.each(['limited', 'limitedStep'] as const)(
    `${runCount} runs of ${keyCount} keys, %s: never above ${maxPerKey} of a key in live processes, and all end`,
    async (job) => {
      const fleet = await Fleet.open(store)
      const random = new SeededRandom(seed)
      const handles = await enqueueAll(fleet, job, random)
      const keys = new Map(handles.map(({ id }, i) => [id, keyOf(i)]))
      const watch = new KeyIdleWatch(fleet.client, keys, maxPerKey)
      const first = Array.from({ length: workers }, () => fleet.spawn({ options }))
      await Promise.any(first.map(({ ready }) => ready))
      // From here on there is a free slot for every run that a key admits: one worker less than these has enough.
      const allReady = Promise.all(first.map(({ ready }) => ready)).then(() => Date.now())

      const ended = Promise.all(handles.map((handle) => handle.result({ timeout: maxTestMs })))
      const [, signals] = await Promise.all([ended, signalAtRandom(fleet, random, ended)])
      for (const { exited } of signals.drained) expect(await exited).toEqual({ code: 0, signal: null })

      const { lines } = fleet
      expect(fleet.crashes).toEqual([])
      expect(overlaps(lines)).toEqual([])
      for (const { limiter } of await keysInUse(fleet)) expect(limiter).toBe('none')
      const since = await allReady.catch(() => Number.POSITIVE_INFINITY)
      const idle = idleTimes(lines).filter(({ from }) => from >= since)
      const keyIdle = (await watch.end()).filter(({ from }) => from >= since)
      printEvidence({
        measure: `${job} under kills`,
        store,
        runs: handles.length,
        keys: keyCount,
        kills: signals.killed,
        drains: signals.drained.length,
        // Steps do not reveal which of the waiting runs is on a waitlist, and which waits for a slot of a worker.
        ...(job === 'limited' ? { ...idleFigures(idle), ...keyIdleFigures(lines, keyIdle) } : {}),
      })
    },
    maxTestMs,
  )
})

function keyOf(i: number): string {
  return `k${i % keyCount}`
}

async function enqueueAll(
  { client, jobs }: Fleet,
  job: 'limited' | 'limitedStep',
  random: SeededRandom,
): Promise<readonly RunHandle<void>[]> {
  const inputs = Array.from({ length: runCount }, (_, i) => ({
    key: keyOf(i),
    ms: random.between(shortestBodyMs, 3 * shortestBodyMs),
  }))
  const handles: RunHandle<void>[] = []
  for (let i = 0; i < inputs.length; i += 500) {
    for (const answer of await client.enqueueMany(jobs[job], inputs.slice(i, i + 500))) {
      if (answer.outcome === 'rejected') throw answer.error
      handles.push(answer.handle)
    }
  }
  return handles
}

/** Ends one worker after the other, mostly by SIGKILL, and replaces each. */
async function signalAtRandom(
  fleet: Fleet,
  random: SeededRandom,
  until: Promise<unknown>,
): Promise<{ readonly killed: number; readonly drained: readonly Member[] }> {
  const drained: Member[] = []
  let killed = 0
  let over = false
  const stop = () => {
    over = true
  }
  until.then(stop, stop)
  await fleet.bodyLog.until(({ moment }) => moment === 'start')
  while (!over && killed + drained.length < signalCount) {
    const working = fleet.alive.filter((member) => member.works && !drained.includes(member))
    if (working.length >= workers) {
      const victim = random.pick(working)
      // One of each at least, however short the test is.
      const drains = killed > 0 && (drained.length === 0 || random.next() < 0.2)
      if (drains) drained.push(victim)
      else killed++
      victim.signal(drains ? 'SIGTERM' : 'SIGKILL')
      fleet.spawn({ options })
    }
    await Promise.race([wait(random.between(signalMs / 2, signalMs * 1.5)), until.catch(() => undefined)])
  }
  return { killed, drained }
}

/** The limits that are still held. */
async function keysInUse({ client }: Fleet) {
  const keys = await Promise.all(
    ['per-key', 'per-call'].map((name) => client.inspector.limiterKeys(name, 1_000)),
  )
  return keys.flat().filter(({ used, waiting }) => used > 0 || waiting > 0)
}

/** Follows the bodies of live processes: one of a killed process ends at its kill. */
function follow(
  lines: readonly Line[],
  on: { start?(line: Line, inside: number): void; free?(body: Line, at: number, killed: boolean): void },
): void {
  const killed = new Set<number>()
  const open = new Map<string, Line[]>()
  const close = (key: string, ends: (line: Line) => boolean, { moment, at }: Line) => {
    const bodies = open.get(key) ?? []
    for (const body of bodies.filter(ends)) on.free?.(body, at, moment === 'killed')
    open.set(
      key,
      bodies.filter((line) => !ends(line)),
    )
  }
  for (const line of lines) {
    const { moment, pid, run, note: key = '' } = line
    if (moment === 'killed') {
      killed.add(pid)
      for (const each of open.keys()) close(each, (body) => body.pid === pid, line)
    }
    if (killed.has(pid)) continue
    if (moment === 'start') {
      const bodies = [...(open.get(key) ?? []), line]
      open.set(key, bodies)
      on.start?.(line, bodies.length)
    }
    if (moment === 'end') close(key, (body) => body.pid === pid && body.run === run, line)
  }
}

function overlaps(lines: readonly Line[]): readonly string[] {
  const found: string[] = []
  follow(lines, {
    start: ({ note, run, at }, inside) => {
      if (inside > maxPerKey) found.push(`${inside} bodies of ${note} when ${run} began at ${at}`)
    },
  })
  return found
}

interface Idle {
  readonly from: number
  readonly ms: number
  /** A process was killed or drained meanwhile, or shortly before. */
  readonly signalled: boolean
}

/** How long each slot of a key was free, and a run waited for it, until that run's body began. */
function idleTimes(lines: readonly Line[]): readonly Idle[] {
  const found: Idle[] = []
  const free = new Map<string, number[]>()
  const lost = new Map<string, number[]>()
  const signals = lines.filter(({ moment }) => moment === 'killed' || moment === 'signalled')
  follow(lines, {
    free: ({ note: key = '', run }, at, killed) => {
      free.set(key, [...(free.get(key) ?? []), at])
      if (killed) lost.set(run, [...(lost.get(run) ?? []), at])
    },
    start: ({ note: key = '', run, at }) => {
      const since = free.get(key)?.shift()
      const losses = lost.get(run) ?? []
      // The first bodies of a key wait for the start of workers; a run that was lost twice pauses before it waits again.
      if (since === undefined || losses.length > 1) return
      const signalled = isNear(signals, { from: since, to: at })
      found.push({ from: since, ms: at - Math.max(since, ...losses), signalled })
    },
  })
  return found
}

/** A process was killed or drained meanwhile, or so shortly before that its peers may not have noticed. */
function isNear(signals: readonly Line[], { from, to }: KeyIdle): boolean {
  return signals.some((signal) => signal.at >= from - 300 && signal.at <= to)
}

/** By the store's own events: without the time that a process without a CPU needs for its steps. */
function keyIdleFigures(lines: readonly Line[], idle: readonly KeyIdle[]): Record<string, number> {
  const signals = lines.filter(({ moment }) => moment === 'killed' || moment === 'signalled')
  const quiet = idle.filter((each) => !isNear(signals, each)).map(({ from, to }) => to - from)
  return {
    'open key, no signal near: p50 ms': percentile(quiet, 0.5),
    'open key p99 ms (goal 100)': percentile(quiet, 0.99),
    'open key, worst ms': Math.max(...quiet),
  }
}

function idleFigures(idle: readonly Idle[]): Record<string, number> {
  const [quiet, loud] = [false, true].map((signalled) =>
    idle.filter((each) => each.signalled === signalled).map(({ ms }) => ms),
  ) as [number[], number[]]
  return {
    'slot idle p50 ms': percentile(quiet, 0.5),
    'p99 ms': percentile(quiet, 0.99),
    'worst ms': Math.max(...quiet),
    'around a signal p50 ms': percentile(loud, 0.5),
    'worst around a signal ms': Math.max(...loud),
  }
}
