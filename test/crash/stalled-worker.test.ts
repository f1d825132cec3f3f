import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { decodeValue } from '../../runtime/model/codec.ts'
import type { Line } from '../support/fleet/body-log.ts'
import { Fleet, type Member } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'

/** Long enough that a renewal of a busy machine is in time. */
const leaseMs = 2_000
const options = { lease: leaseMs }

describe.each(storeKinds)('%s', (store) => {
  test('a worker stopped past its lease writes nothing when it wakes, and continues under a new lease', async () => {
    const fleet = await Fleet.open(store)
    // It stops itself with a commit under its pen: written at the right position while the other worker is
    // inside the same step, so that only lease and fence are against it.
    const killPoint = { at: 'frozen commit', path: 'fight', phase: 'done' } as const
    const stopped = await fleet.start({ options, killPoint })
    const held = await fleet.client.enqueue(fleet.jobs.held)
    await startedBy(fleet, stopped, held.id, 'hold')
    const duel = await fleet.client.enqueue(fleet.jobs.duel)
    await startedBy(fleet, stopped, duel.id, 'fight')

    const other = await fleet.start({ options })
    expect(await held.result({ timeout: '2m' })).toBe(other.pid)
    await startedBy(fleet, other, duel.id, 'fight')
    const before = await stored(fleet, held.id)
    stopped.signal('SIGCONT')

    const aborted = await fleet.bodyLog.until(
      ({ moment, pid }) => moment === 'aborted' && pid === stopped.pid,
    )
    expect(aborted.note).toBe('lease lost')
    await fleet.bodyLog.until(settledAs('lost', held.id, stopped))
    await fleet.bodyLog.until(settledAs('lost', duel.id, stopped))
    expect(await duel.result({ timeout: '2m' })).toBe(other.pid)
    expect(await storedPids(fleet, duel.id)).toEqual([other.pid])
    expect(await stored(fleet, held.id)).toEqual(before)
    const released = fleet.lines.filter(({ moment, pid }) => moment === 'released' && pid === stopped.pid)
    expect(released).toEqual([])
    expect((await duel.status()).losses).toBe(1)
    await worksOn(fleet, stopped, other)
  })

  test('the only worker, stopped past its lease, loses nothing', async () => {
    const fleet = await Fleet.open(store)
    const only = await fleet.start({ options })
    const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 3, ms: 100 })
    await startedBy(fleet, only, handle.id, 's2')
    only.signal('SIGSTOP')
    await wait(2.5 * leaseMs)
    only.signal('SIGCONT')

    expect(await handle.result({ timeout: '2m' })).toEqual([only.pid, only.pid, only.pid])
    expect(await handle.status()).toMatchObject({ attempt: 1, losses: 0 })
    expect(fleet.bodyLog.count('start', handle.id, 's2')).toBe(1)
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test('a step that blocks the event loop for three leases is not taken over', async () => {
    const fleet = await Fleet.open(store)
    const busy = await fleet.start({ options })
    const handle = await fleet.client.enqueue(fleet.jobs.blocking, { ms: 3 * leaseMs })
    await startedBy(fleet, busy, handle.id, 'wait')
    // Started before the loop blocks: it would take the run if it were allowed to.
    await fleet.start({ options })
    fleet.bodyLog.write('go', { run: handle.id })

    expect(await handle.result({ timeout: '2m' })).toBe(busy.pid)
    expect(fleet.bodyLog.count('start', handle.id, 'block')).toBe(1)
    expect(await handle.status()).toMatchObject({ attempt: 1, losses: 0 })
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test('a step that blocks the event loop beyond maxBlocked is taken over, and its end is not stored', async () => {
    const fleet = await Fleet.open(store)
    const busy = await fleet.start({ options: { ...options, maxBlocked: 500 } })
    const handle = await fleet.client.enqueue(fleet.jobs.choking)
    await startedBy(fleet, busy, handle.id, 'wait')
    const other = await fleet.start({ options })
    fleet.bodyLog.write('go', { run: handle.id })

    expect(await handle.result({ timeout: '2m' })).toBe(other.pid)
    await fleet.bodyLog.until(settledAs('lost', handle.id, busy))
    expect(await handle.status()).toMatchObject({ state: 'completed', attempt: 1, losses: 1 })
    expect(await storedPids(fleet, handle.id)).toEqual([busy.pid, other.pid])
    const released = fleet.lines.filter(({ moment }) => moment === 'released')
    expect(released.map(({ pid, path }) => [pid, path])).toEqual([
      [busy.pid, 'wait'],
      [other.pid, 'wait'],
      [other.pid, 'block'],
    ])
  })
})

/** With the other worker gone, the one that lost its lease takes new runs. */
async function worksOn(fleet: Fleet, worker: Member, other: Member): Promise<void> {
  other.signal('SIGTERM')
  expect(await other.exited).toEqual({ code: 0, signal: null })
  const next = await fleet.client.enqueue(fleet.jobs.chain, { steps: 2, ms: 10 })
  expect(await next.result({ timeout: '2m' })).toEqual([worker.pid, worker.pid])
}

function startedBy(fleet: Fleet, worker: Member, run: string, path: string): Promise<Line> {
  return fleet.bodyLog.until(
    (line) => line.moment === 'start' && line.run === run && line.path === path && line.pid === worker.pid,
  )
}

function settledAs(outcome: string, run: string, worker: Member): (line: Line) => boolean {
  return (line) =>
    line.moment === 'settled' && line.run === run && line.pid === worker.pid && line.note === outcome
}

/** The run and its journal. */
async function stored(fleet: Fleet, id: string): Promise<unknown> {
  const { inspector } = fleet.client
  return [await inspector.run(id), await inspector.journal(id, { after: 0, limit: 100 })]
}

/** The results in the journal of a run whose steps return their process. */
async function storedPids(fleet: Fleet, id: string): Promise<unknown[]> {
  const journal = await fleet.client.inspector.journal(id, { after: 0, limit: 100 })
  return journal.map((entry) => (entry.phase === 'done' ? decodeValue(entry.value, entry.path) : entry.phase))
}
