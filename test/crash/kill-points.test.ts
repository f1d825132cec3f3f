import { describe, expect, test } from 'vitest'
import { Fleet } from '../support/fleet/fleet.ts'
import type { KillPoint } from '../support/fleet/kill-point.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'

interface Place {
  readonly name: string
  readonly point: KillPoint
  /** The total number of starts of the body of each step. */
  readonly begun: readonly [number, number, number]
}

const places: readonly Place[] = [
  { name: 'after the claim', point: { at: 'claimed' }, begun: [1, 1, 1] },
  { name: "in a step's body", point: { at: 'body', path: 's2' }, begun: [1, 2, 1] },
  {
    name: 'after the body and before its commit',
    point: { at: 'before commit', path: 's2', phase: 'done' },
    begun: [1, 2, 1],
  },
  {
    name: 'after the commit and before its reply arrives',
    point: { at: 'after commit', path: 's2', phase: 'done' },
    begun: [1, 1, 1],
  },
  {
    name: "after the last step's commit",
    point: { at: 'after commit', path: 's3', phase: 'done' },
    begun: [1, 1, 1],
  },
  {
    name: 'before the end is settled',
    point: { at: 'before settle', outcome: 'completed' },
    begun: [1, 1, 1],
  },
  {
    name: 'after the end is settled and before its reply arrives',
    point: { at: 'after settle', outcome: 'completed' },
    begun: [1, 1, 1],
  },
]

/** The run is in step s2 until the drain begins, however late the signal is taken in. */
const drainingPlaces: readonly { readonly name: string; readonly point: KillPoint }[] = [
  { name: 'while a body still runs', point: { at: 'drained body', path: 's2', untilDrain: 's2' } },
  {
    name: 'before its run is handed over',
    point: { at: 'before settle', outcome: 'released', untilDrain: 's2' },
  },
  {
    name: 'after its run was handed over',
    point: { at: 'after settle', outcome: 'released', untilDrain: 's2' },
  },
  { name: 'before its lease is resigned', point: { at: 'before resign', untilDrain: 's2' } },
  { name: 'after its lease was resigned', point: { at: 'after resign', untilDrain: 's2' } },
]

describe.each(storeKinds)('%s', (store) => {
  test.each(places)(
    'a worker killed $name: the run continues on another worker',
    async ({ point, begun }) => {
      const fleet = await Fleet.open(store)
      const victim = await fleet.start({ killPoint: point })
      const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 3, ms: 10 })
      expect(await victim.exited).toEqual({ code: null, signal: 'SIGKILL' })

      const rescuer = await fleet.start()
      const pids = await handle.result({ timeout: '2m' })

      const starts = ['s1', 's2', 's3'].map((path) => fleet.bodyLog.count('start', handle.id, path))
      expect(starts).toEqual(begun)
      const lastStart = (path: string) =>
        fleet.lines.findLast((line) => line.moment === 'start' && line.path === path)?.pid
      expect(pids).toEqual(['s1', 's2', 's3'].map(lastStart))
      expect(pids.every((pid) => pid === victim.pid || pid === rescuer.pid)).toBe(true)
      expect(await findViolations(fleet, [handle.id])).toEqual([])
    },
  )

  test('a worker killed while its run is suspended: the sleep ends at its original time', async () => {
    const fleet = await Fleet.open(store)
    const victim = await fleet.start()
    const sleepMs = 2_000
    const handle = await fleet.client.enqueue(fleet.jobs.nap, { ms: sleepMs })
    await fleet.reaches(handle, 'waiting')
    victim.signal('SIGKILL')
    await victim.exited

    await fleet.start()
    const sleptMs = await handle.result({ timeout: '2m' })

    const journal = await fleet.client.inspector.journal(handle.id, { after: 0, limit: 10 })
    expect(journal.map(({ path, phase }) => `${path} ${phase}`)).toEqual([
      'before done',
      'nap waiting',
      'nap done',
      'after done',
    ])
    expect(sleptMs).toBeGreaterThanOrEqual(sleepMs)
    expect((await handle.status()).losses).toBe(0)
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test('a worker killed in a sleep that is not yet suspended: the sleep does not restart', async () => {
    const fleet = await Fleet.open(store)
    const victim = await fleet.start({ killPoint: { at: 'after commit', path: 'nap', phase: 'waiting' } })
    const handle = await fleet.client.enqueue(fleet.jobs.nap, { ms: 1_500 })
    await victim.exited
    await fleet.start()
    await handle.result({ timeout: '2m' })

    const journal = await fleet.client.inspector.journal(handle.id, { after: 0, limit: 10 })
    expect(journal.filter(({ phase }) => phase === 'waiting')).toHaveLength(1)
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test('a worker killed after a failed attempt was stored: the attempt is not repeated', async () => {
    const fleet = await Fleet.open(store)
    const victim = await fleet.start({ killPoint: { at: 'after commit', path: 'p0', phase: 'retrying' } })
    const parts = [{ kind: 'flaky', ms: 5, failures: 2 }] as const
    const handle = await fleet.client.enqueue(fleet.jobs.mixed, { parts })
    await victim.exited
    await fleet.start()

    expect(await handle.result({ timeout: '2m' })).toEqual(['p0'])
    const attempts = fleet.lines.filter(({ moment }) => moment === 'start').map(({ attempt }) => attempt)
    expect(attempts).toEqual([1, 2, 3])
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test('a worker killed while parallel steps run: only steps without a stored result run again', async () => {
    const fleet = await Fleet.open(store)
    const killPoint = { at: 'before commit', path: 'p0[1]', phase: 'done' } as const
    const victim = await fleet.start({ killPoint })
    const parts = [{ kind: 'parallel', ms: [0, 150, 1_000] }] as const
    const handle = await fleet.client.enqueue(fleet.jobs.mixed, { parts })
    await victim.exited
    await fleet.start()

    expect(await handle.result({ timeout: '2m' })).toEqual(['p0[0]', 'p0[1]', 'p0[2]'])
    const begun = ['p0[0]', 'p0[1]', 'p0[2]'].map((path) => fleet.bodyLog.count('start', handle.id, path))
    expect(begun).toEqual([1, 2, 2])
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test.each(drainingPlaces)('a worker killed while draining, $name', async ({ point }) => {
    const fleet = await Fleet.open(store)
    const victim = await fleet.start({ killPoint: point })
    const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 3, ms: 100 })
    await fleet.bodyLog.until(({ moment, path }) => moment === 'start' && path === 's2')
    victim.signal('SIGTERM')
    expect(await victim.exited).toEqual({ code: null, signal: 'SIGKILL' })
    await fleet.start()

    expect(await handle.result({ timeout: '2m' })).toHaveLength(3)
    expect(fleet.bodyLog.count('start', handle.id, 's1')).toBe(1)
    expect(fleet.bodyLog.count('start', handle.id, 's3')).toBe(1)
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })
})
