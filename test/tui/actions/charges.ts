import { defineJob, type Jobs } from '../../../sdk/index.ts'
import type { Thing } from '../../../tui/app/thing.ts'
import type { Fixture } from '../../support/fixture.ts'

export interface ChargeInput {
  /** The payment is an at-most-once step. */
  readonly once?: boolean
}

/** A bank that refuses payments until it is back. */
export interface Bank {
  back: boolean
}

export function chargeJob(bank: Bank) {
  return defineJob<ChargeInput>({ name: 'charge', retry: false }, async ({ input, step }) => {
    await step.run('read', () => 1)
    const pay = (): void => {
      if (!bank.back) throw new Error('the bank is down')
    }
    if (input.once) await step.run('pay', pay, { atMostOnce: true })
    else await step.run('pay', pay, { retry: false })
  })
}

/** Runs that failed while the bank was down; no worker runs any more. */
export async function failedCharges(
  fixture: Fixture,
  inputs: readonly ChargeInput[],
): Promise<{
  readonly ids: readonly string[]
  readonly bank: Bank
  readonly charge: ReturnType<typeof chargeJob>
}> {
  const bank = { back: false }
  const charge = chargeJob(bank)
  const worker = await fixture.work(charge, { concurrency: 20 })
  const results = await fixture.jobs.enqueueMany(charge, [...inputs])
  const handles = results.map((result) => {
    if (result.outcome === 'rejected') throw result.error
    return result.handle
  })
  await Promise.allSettled(handles.map((handle) => handle.result({ timeout: '2m' })))
  await worker.stop({ timeout: 0 })
  return { ids: handles.map(({ id }) => id), bank, charge }
}

export function charges(count: number): ChargeInput[] {
  return Array.from({ length: count }, () => ({}))
}

export function failedRun(id: string): Thing {
  return { kind: 'run', id, job: 'charge', state: 'failed' }
}

export async function retriesOf(jobs: Jobs, id: string): Promise<readonly (string | undefined)[]> {
  return (await jobs.inspector.history(id)).filter(({ kind }) => kind === 'retry').map(({ by }) => by)
}
