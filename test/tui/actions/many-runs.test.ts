import { describe, expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../runtime/model/errors.ts'
import type { Jobs } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { charges, failedCharges, failedRun, retriesOf } from './charges.ts'
import { Host } from './hosted.ts'

async function retriesOfAll(jobs: Jobs, ids: readonly string[]): Promise<number[]> {
  return (await Promise.all(ids.map((id) => retriesOf(jobs, id)))).map((retries) => retries.length)
}

const allFailed = { kind: 'filter', id: 'state:failed', filter: { states: ['failed'] } } as const

describe.each(bothStores)('%s', (_, storeOptions) => {
  test('all failures: the operator types the count and the environment, and later failures are left unchanged', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids, charge } = await failedCharges({ ...fixture, jobs }, charges(27))
    const [group] = await jobs.inspector.failures({ limit: 1 })
    const host = new Host(jobs, { environment: { name: 'eu' } })
    await host.open('retry', { kind: 'failure', id: group?.fingerprint ?? '', failedNow: 27 })
    expect(host.text).toContain(
      "27 runs to retry; all of them were inspected: 27 failed\n27 would run 'pay' again",
    )
    expect(host.text).toContain('type 27 eu: ')
    host.type('27')
    host.press('y')
    expect(host.text).toContain('type 27 eu: 27y')
    host.press('backspace')
    host.dispatch({ kind: 'paste', text: ' eu' })
    expect(host.keys).toEqual(['tab next, then y retry', 'esc leave'])
    const worker = await fixture.work(charge)
    const late = await jobs.enqueue(charge, {})
    await expect(late.result({ timeout: '2m' })).rejects.toThrow('the bank is down')
    await worker.stop({ timeout: 0 })
    host.type(' eu')
    host.press('tab')
    host.type('bank is back')
    host.press('enter', 'tab', 'enter')
    expect(host.text).toContain('reason: bank is back')
    host.press('c')
    expect(host.copied.at(-1)).toMatch(
      /^durable-jobs retry --fingerprint \S+ --before \S+ --reason 'bank is back' --by ana@desk$/,
    )
    host.press('y')
    await host.idle()
    expect(host.isOpen).toBe(false)
    expect(host.toasts.at(-1)).toBe('retried 27 runs (action act_id-1)')
    expect(new Set(await retriesOfAll(jobs, ids))).toEqual(new Set([1]))
    expect(await retriesOf(jobs, late.id)).toEqual([])
    expect(await jobs.actions.get('act_id-1')).toMatchObject({ by: 'ana@desk', reason: 'bank is back' })
  })

  test('five first: watches them to their ends, then asks about the others', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids, bank, charge } = await failedCharges({ ...fixture, jobs }, charges(12))
    const host = new Host(jobs)
    await host.open('retry', ...ids.map(failedRun))
    expect(host.keys).toContain('f 5 first')
    host.press('f')
    expect(host.text).toContain('--first 5')
    host.press('y')
    await host.until(() => host.text.startsWith('5 first; waiting'))
    expect((await retriesOfAll(jobs, ids)).filter((count) => count === 1)).toHaveLength(5)
    bank.back = true
    await fixture.work(charge)
    await host.until(() => host.text.includes('5 of 5 completed'))
    expect(host.text).toContain('5 of 5 completed; the other 7 runs?')
    expect(host.text).toContain('durable-jobs retry --continue act_id-1')
    host.press('enter')
    expect((await retriesOfAll(jobs, ids)).filter((count) => count === 1)).toHaveLength(5)
    host.press('y')
    await host.idle()
    expect(host.toasts).toEqual(['retried 12 runs (action act_id-1)'])
    expect(host.state.log.map(({ outcome }) => outcome)).toEqual(['stopped', 'done'])
    expect(host.reloads).toBe(2)
  })

  test('stops after a chunk and continues', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids } = await failedCharges({ ...fixture, jobs }, charges(60))
    const host = new Host(jobs)
    await host.open('retry', ...ids.map(failedRun))
    host.type('60')
    host.press('y')
    await host.until(() => host.text.startsWith('retried 25 of 60'))
    host.press('s')
    expect(host.text).toContain('stopping after the current chunk')
    await host.idle()
    expect(host.text).toMatch(
      /^retried (25|50) runs \(action act_id-1\); continue with the other (35|10) runs\?/,
    )
    host.press('y')
    await host.idle()
    expect(host.toasts).toEqual(['retried 60 runs (action act_id-1)'])
    expect(new Set(await retriesOfAll(jobs, ids))).toEqual(new Set([1]))
  })

  test('runs that changed after they were marked are refused, and listed with the reason', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids } = await failedCharges({ ...fixture, jobs }, charges(3))
    const [moved = '', gone = ''] = ids
    const host = new Host(jobs)
    await host.open('remove', ...ids.map(failedRun))
    await jobs.run(moved).retry()
    await jobs.run(moved).cancel()
    await jobs.remove(gone)
    host.press('y')
    await host.idle()
    expect(host.text).toBe(
      [
        'removed 1 run, refused 2 (action act_id-1)',
        `  ${moved}: it became cancelled after it was chosen`,
        `  ${gone}: no such run: it was removed, or never enqueued here`,
      ].join('\n'),
    )
    host.press('j', 'c')
    expect(host.copied).toEqual([
      `${moved}\tit became cancelled after it was chosen\n${gone}\tno such run: it was removed, or never enqueued here`,
    ])
    host.press('esc')
    expect(host.isOpen).toBe(false)
    expect(host.state.log).toMatchObject([{ command: 'remove', target: '3 runs', outcome: 'partly' }])
    expect(host.reloads).toBe(1)
    expect(await jobs.run(moved).status()).toMatchObject({ state: 'cancelled' })
  })
})

/** Loses the replies of some calls: they are carried out without a reply. */
function losingReplies(jobs: Jobs, lost: { count: number }): Jobs {
  return {
    inspector: jobs.inspector,
    actions: {
      plan: jobs.actions.plan.bind(jobs.actions),
      get: jobs.actions.get.bind(jobs.actions),
      run: async (...args: Parameters<Jobs['actions']['run']>) => {
        if (lost.count-- <= 0) return jobs.actions.run(...args)
        await jobs.actions.run(args[0], args[1], { ...args[2], limit: 25 })
        throw new StoreUnavailableError('redis at cache:6379 does not reply')
      },
    },
    run: (id: string) => ({
      retry: async (options: Parameters<ReturnType<Jobs['run']>['retry']>[0]) => {
        const plan = await jobs.run(id).retry(options)
        if (options?.dryRun || lost.count-- <= 0) return plan
        throw new StoreUnavailableError('redis at cache:6379 does not reply')
      },
    }),
  } as unknown as Jobs
}

test('a store that becomes unreachable is reported; continuing does the rest, and nothing twice', async () => {
  const { jobs, ...fixture } = await openFixture()
  const { ids } = await failedCharges({ ...fixture, jobs }, charges(30))
  const lost = { count: 1 }
  const host = new Host(jobs, { jobs: () => losingReplies(jobs, lost) })
  await host.open('retry', allFailed)
  host.type('30')
  host.press('y')
  await host.idle()
  expect(host.text).toContain('redis at cache:6379 does not reply')
  expect(host.text).toContain('so far: retried 25 runs')
  expect(host.keys).toEqual(['y try again', 'esc leave'])
  host.press('y')
  await host.idle()
  expect(host.toasts).toEqual(['retried 30 runs (action act_id-1)'])
  expect(new Set(await retriesOfAll(jobs, ids))).toEqual(new Set([1]))
  expect(host.state.log.map(({ outcome }) => outcome)).toEqual(['unknown', 'done'])
})

test('one run of a locked store: the first try does nothing, and the second does it', async () => {
  const { jobs, ...fixture } = await openFixture()
  const { ids } = await failedCharges({ ...fixture, jobs }, charges(1))
  const [id = ''] = ids
  let isLocked = true
  const run = (name: string) => ({
    retry: async (options: Parameters<ReturnType<Jobs['run']>['retry']>[0]) => {
      if (isLocked && options?.dryRun !== true) {
        throw new StoreUnavailableError('locked; nothing was written', { kind: 'locked' })
      }
      return jobs.run(name).retry(options)
    },
  })
  const host = new Host(jobs, { jobs: () => ({ inspector: jobs.inspector, run }) as unknown as Jobs })
  await host.open('retry', failedRun(id))
  host.press('y')
  await host.idle()
  expect(host.text).toBe('locked; nothing was written\nnothing was done; y tries again')
  expect(host.keys).toEqual(['y try again', 'esc leave'])
  expect(host.state.log).toMatchObject([{ outcome: 'refused' }])
  isLocked = false
  host.press('y')
  await host.idle()
  expect(host.toasts).toEqual([`run ${id} is ready again`])
  expect(await retriesOf(jobs, id)).toHaveLength(1)
})

test('one run with a lost reply: the second try does it once', async () => {
  const { jobs, ...fixture } = await openFixture()
  const { ids } = await failedCharges({ ...fixture, jobs }, charges(1))
  const [id = ''] = ids
  const host = new Host(jobs, { jobs: () => losingReplies(jobs, { count: 0 }) })
  const lost = { count: 1 }
  const losing = new Host(jobs, { jobs: () => losingReplies(jobs, lost) })
  await losing.open('retry', failedRun(id))
  losing.press('y')
  await losing.idle()
  expect(losing.text).toContain('it may or may not have been done; y tries again, which does it only once')
  losing.press('y')
  await losing.idle()
  expect(losing.toasts).toEqual([`run ${id} is ready again`])
  expect(await retriesOf(jobs, id)).toHaveLength(1)
  expect(host.isOpen).toBe(false)
})
