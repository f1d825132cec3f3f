import { describe, expect, test } from 'vitest'
import { RunFailedError, type RunHandle, StepUnknownError } from '../../sdk/index.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import type { KillPoint } from '../support/fleet/kill-point.ts'
import { type FleetStoreKind, storeKinds } from '../support/fleet/store-kinds.ts'
import { findViolations } from '../support/fleet/violations.ts'

interface Place {
  readonly name: string
  readonly point: KillPoint
  /** The total number of starts of the body of the at-most-once step. */
  readonly begun: 0 | 1
}

/** Kill points after which no worker can know whether the effect happened. */
const unknownPlaces: readonly Place[] = [
  {
    name: 'after the intent and before the body',
    point: { at: 'after commit', path: 'send', phase: 'intent' },
    begun: 0,
  },
  { name: 'in the body', point: { at: 'body', path: 'send' }, begun: 1 },
  {
    name: 'after the body and before its commit',
    point: { at: 'before commit', path: 'send', phase: 'done' },
    begun: 1,
  },
]

/** Where a worker dies so that the effect surely did not happen, or surely is stored. */
const knownPlaces: readonly Place[] = [
  {
    name: 'before the intent is stored',
    point: { at: 'before commit', path: 'send', phase: 'intent' },
    begun: 1,
  },
  { name: 'after the commit', point: { at: 'after commit', path: 'send', phase: 'done' }, begun: 1 },
]

describe.each(storeKinds)('%s', (store) => {
  test.each(unknownPlaces)(
    'killed $name: onUnknown decides, and the body never runs twice',
    async (place) => {
      const { fleet, handle } = await crashAt(store, place.point, 'lookedUp')

      expect(await handle.result({ timeout: '2m' })).toEqual(['before', 'looked up send', 'after'])
      expect(fleet.bodyLog.count('start', handle.id, 'send')).toBe(place.begun)
      expect(fleet.bodyLog.count('asked', handle.id, 'send')).toBe(1)
      expect(await findViolations(fleet, [handle.id])).toEqual([])
    },
  )

  test.each(unknownPlaces)('killed $name, without onUnknown: the step fails as unknown', async (place) => {
    const { fleet, handle } = await crashAt(store, place.point, 'unknown')

    const failure = await handle.result({ timeout: '2m' }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RunFailedError)
    const { cause } = failure as RunFailedError
    expect(cause).toMatchObject({ name: StepUnknownError.name, code: 'STEP_UNKNOWN', path: 'send' })
    expect((await handle.status()).state).toBe('failed')
    expect(fleet.bodyLog.count('start', handle.id, 'send')).toBe(place.begun)
    expect(fleet.bodyLog.count('start', handle.id, 'after')).toBe(0)
  })

  test.each(knownPlaces)('killed $name: onUnknown is not called, and the body runs once', async (place) => {
    const { fleet, handle } = await crashAt(store, place.point, 'unknown')

    expect(await handle.result({ timeout: '2m' })).toEqual(['before', 'send', 'after'])
    expect(fleet.bodyLog.count('start', handle.id, 'send')).toBe(place.begun)
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })

  test('onUnknown is called again when its worker is killed before the result is stored', async () => {
    const { fleet, handle } = await crashAt(
      store,
      { at: 'body', path: 'send' },
      'lookedUp',
      async (again) => {
        const second = await again.start({ killPoint: { at: 'before commit', path: 'send', phase: 'done' } })
        await second.exited
      },
    )

    expect(await handle.result({ timeout: '2m' })).toEqual(['before', 'looked up send', 'after'])
    expect(fleet.bodyLog.count('start', handle.id, 'send')).toBe(1)
    expect(fleet.bodyLog.count('asked', handle.id, 'send')).toBe(2)
  })

  test('a drain does not hand over a run inside an at-most-once body: the end of the body is stored', async () => {
    const fleet = await Fleet.open(store)
    const drained = await fleet.start()
    const handle = await fleet.client.enqueue(fleet.jobs.unknown, { ms: 400 })
    await fleet.bodyLog.until(({ moment, path }) => moment === 'start' && path === 'send')
    await fleet.start()
    drained.signal('SIGTERM')

    expect(await handle.result({ timeout: '2m' })).toEqual(['before', 'send', 'after'])
    expect(await drained.exited).toEqual({ code: 0, signal: null })
    expect(fleet.lines.filter(({ moment }) => moment === 'aborted')).toEqual([])
    expect(await findViolations(fleet, [handle.id])).toEqual([])
  })
})

/** A run whose first worker kills itself at `point`; others, then a sound one, continue it. */
async function crashAt(
  store: FleetStoreKind,
  point: KillPoint,
  job: 'lookedUp' | 'unknown',
  others: (fleet: Fleet) => Promise<void> = async () => undefined,
): Promise<{ readonly fleet: Fleet; readonly handle: RunHandle<string[]> }> {
  const fleet = await Fleet.open(store)
  const victim = await fleet.start({ killPoint: point })
  const handle = await fleet.client.enqueue(fleet.jobs[job], { ms: 5 })
  expect(await victim.exited).toEqual({ code: null, signal: 'SIGKILL' })
  await others(fleet)
  await fleet.start()
  return { fleet, handle }
}
