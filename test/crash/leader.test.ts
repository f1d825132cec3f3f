import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { percentile, printEvidence, provingNumber } from '../support/evidence.ts'
import type { Line } from '../support/fleet/body-log.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { GuardedStore } from '../support/fleet/leader-work.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'

const samples = provingNumber('DURABLE_JOBS_PROVE_LEADERS', 2)
const perSampleMs = 5_000
/** Terms and leases that outlive a test: only the death or the hand-over itself can end them. */
const outliving = {
  terms: { termMs: 3_600_000, renewEveryMs: 1_000, cutOffMs: 3_000_000 },
  options: { lease: '1h' },
} satisfies Spec
/** Long enough that a renewal of a busy machine is in time. */
const shortTerms = { termMs: 6_000, renewEveryMs: 1_000, cutOffMs: 4_000 }

describe.each(storeKinds)('%s', (store) => {
  const killed: number[] = []
  const drained: number[] = []

  test(
    `another worker leads after a SIGKILL of the leader, ${samples} times`,
    async () => {
      const fleet = await crew(store, outliving, 3)
      for (let i = 0; i < samples; i++) {
        const [victim, term] = await leaderOf(fleet)
        const killedAt = Date.now()
        victim.signal('SIGKILL')
        const next = await nextLeader(fleet, term)
        killed.push(next.at - killedAt)
        await fleet.start(working(fleet, outliving))
      }
      growsAlways(fleet)
    },
    300_000 + samples * perSampleMs,
  )

  test(
    `a SIGTERM hands the term over at once, ${samples} times, and the work of two leaders never overlaps`,
    async () => {
      const fleet = await crew(store, outliving, 2)
      for (let i = 0; i < samples; i++) {
        const [victim, term] = await leaderOf(fleet)
        const begun = Date.now()
        victim.signal('SIGTERM')
        const next = await nextLeader(fleet, term)
        drained.push(next.at - begun)
        expect(await victim.exited).toEqual({ code: 0, signal: null })
        const moments = fleet.lines.filter(({ note }) => note === term.note || note === next.note)
        expect(moments.map(({ moment }) => moment)).toEqual(['leads', 'left', 'leads'])
        await fleet.start(working(fleet, outliving))
      }
      growsAlways(fleet)
    },
    300_000 + samples * perSampleMs,
  )

  afterAll(() => {
    printTimes('SIGKILL of the leader to the next one', store, killed)
    printTimes('SIGTERM of the leader to the next one, its work takes 50 ms to stop', store, drained)
  })

  test('a leader that was stopped and wakes detects that it no longer leads, and is refused', async () => {
    const fleet = await crew(store, { terms: shortTerms }, 2)
    const [zombie, term] = await leaderOf(fleet)
    await fleet.bodyLog.until(({ moment, pid }) => moment === 'wrote' && pid === zombie.pid)
    fleet.bodyLog.write('freeze', { pid: zombie.pid })
    const next = await nextLeader(fleet, term)
    expect(next.pid).not.toBe(zombie.pid)
    const guarded = guardedStore(fleet)
    await fleet.bodyLog.until(({ moment, pid }) => moment === 'wrote' && pid === next.pid)
    zombie.signal('SIGCONT')

    const by =
      (moment: Line['moment']) =>
      (line: Line): boolean =>
        line.moment === moment && line.pid === zombie.pid
    // Its first action is a write: before any timer fires at the end of its term.
    expect(await fleet.bodyLog.until(by('refused'))).toMatchObject({ note: 'not leading' })
    expect(await fleet.bodyLog.until(by('aborted'))).toMatchObject({ note: 'term over' })
    expect(await fleet.bodyLog.until(by('renewed'))).toMatchObject({ note: 'lost' })
    expect(guarded.last).toEqual({ fence: Number(next.note), writer: next.pid })
    const [leader] = await fleet.client.inspector.leaders()
    expect(leader).toMatchObject({ role: 'leader', term: Number(next.note), worker: expect.any(String) })
    growsAlways(fleet)
  })
})

describe.runIf(storeKinds.includes('redis'))('redis, leases only', () => {
  test('a leader whose machine is gone is replaced when its term ends, long before its lease', async () => {
    // A lease that outlives the test: only the end of the term can reveal it.
    const fleet = await crew('redis, leases only', { terms: shortTerms, options: { lease: '1h' } }, 2)
    const [victim, term] = await leaderOf(fleet)
    const killedAt = Date.now()
    victim.signal('SIGKILL')
    const next = await nextLeader(fleet, term)
    printTimes('SIGKILL to the next leader, a term of 6 s alone decides', 'redis, leases only', [
      next.at - killedAt,
    ])
  })
})

type Spec = Parameters<Fleet['start']>[0]

function working(fleet: Fleet, spec: Spec = {}): Spec {
  return { ...spec, guarded: fleet.file('guarded.db') }
}

/** Workers that do a leader's work when they lead. */
async function crew(store: Parameters<typeof Fleet.open>[0], spec: Spec, size: number): Promise<Fleet> {
  const fleet = await Fleet.open(store)
  for (let i = 0; i < size; i++) await fleet.start(working(fleet, spec))
  return fleet
}

function guardedStore(fleet: Fleet): GuardedStore {
  const guarded = new GuardedStore(fleet.file('guarded.db'))
  onTestFinished(() => guarded.close())
  return guarded
}

/** The leader, and the event that starts its term. */
async function leaderOf(fleet: Fleet): Promise<[Member, Line]> {
  await fleet.bodyLog.until(({ moment }) => moment === 'leads')
  const term = fleet.lines.filter(({ moment }) => moment === 'leads').at(-1)
  const member = fleet.alive.find(({ pid }) => pid === term?.pid)
  if (member === undefined || term === undefined) throw new Error('the last leader is gone')
  return [member, term]
}

function nextLeader(fleet: Fleet, last: Line): Promise<Line> {
  return fleet.bodyLog.until(({ moment, note }) => moment === 'leads' && Number(note) > Number(last.note))
}

/** Of all terms that ever began, each has a higher number than the one before. */
function growsAlways(fleet: Fleet): void {
  const fences = fleet.lines.filter(({ moment }) => moment === 'leads').map(({ note }) => Number(note))
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
  expect(fences.length).toBeGreaterThan(1)
}

function printTimes(measure: string, store: string, times: readonly number[]): void {
  printEvidence({
    measure,
    store,
    samples: times.length,
    'p50 ms': percentile(times, 0.5),
    'p95 ms': percentile(times, 0.95),
    'max ms': Math.max(...times),
  })
}
