import { expect, test } from 'vitest'
import { noCalls } from '../../../runtime/fargate/holder-state.ts'
import type { Middleware } from '../../../runtime/model/middleware.ts'
import {
  type Protection,
  type ProtectionHold,
  type ProtectionSource,
  protectionBrand,
} from '../../../runtime/model/protection.ts'
import { defineJob } from '../../../sdk/index.ts'
import { abortOf, gate, openFixture } from '../../support/fixture.ts'

/** In mode `required`, of a task that ECS never protects. */
class RefusedProtection implements Protection {
  readonly mode = 'required'
  readonly status = {
    mode: 'required',
    state: { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: '', retryInMs: undefined },
    users: 0,
    protectedForMs: 0,
    sharesTask: false,
    calls: noCalls,
    reason: 'refused',
  } as const

  mayClaimProtected = (): boolean => false
  mayAsk = (): boolean => false
  keepsSlotFree = (): boolean => false
  want = (): void => undefined
  acquire = (): ProtectionHold => ({
    signal: new AbortController().signal,
    confirm: async () => false,
    release: () => undefined,
    withdraw: () => undefined,
  })
  onChange = (): (() => void) => () => undefined
  shareTask = (): void => undefined
  supersede = (): void => undefined
  drain = (): void => undefined
  close = async (): Promise<void> => undefined
}

const refusing: Middleware & ProtectionSource = {
  [protectionBrand]: protectionBrand,
  open: async () => new RefusedProtection(),
}

test('a drain keeps the protection mark of a run that was stopped for lack of protection', async () => {
  const { jobs, work } = await openFixture()
  const [unprotected, draining, begun, goOn] = [gate<unknown>(), gate<unknown>(), gate(), gate()]
  const charge = defineJob({ name: 'charge' }, ({ step }) =>
    Promise.all([
      step.run('long', async ({ signal }) => {
        unprotected.open(await abortOf(signal))
        await goOn.opened
      }),
      step.run('pay', () => 'paid', { atMostOnce: true }),
    ]),
  )
  const other = defineJob({ name: 'other' }, ({ step }) =>
    step.run('wait', async ({ signal }) => {
      begun.open()
      draining.open(await abortOf(signal))
      throw signal.reason
    }),
  )
  const worker = await work([charge, other], { middleware: [refusing] })
  const run = await jobs.enqueue(charge)
  expect(await unprotected.opened).toMatchObject({ reason: 'protection lost' })
  const otherRun = await jobs.enqueue(other)
  await begun.opened
  const stopped = worker.stop()
  // Runs are notified in the order in which they were claimed.
  expect(await draining.opened).toMatchObject({ reason: 'draining' })
  goOn.open()
  await stopped
  expect(await jobs.inspector.run(run.id)).toMatchObject({
    state: 'ready',
    protect: true,
    losses: 0,
    attempt: 1,
  })
  expect((await jobs.inspector.run(otherRun.id))?.protect).not.toBe(true)
})
