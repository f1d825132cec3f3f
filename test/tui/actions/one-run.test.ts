import { describe, expect, test } from 'vitest'
import { onceFrom } from '../../../tui/actions/retry-from-step.ts'
import { openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { charges, failedCharges, failedRun, retriesOf } from './charges.ts'
import { Host } from './hosted.ts'

describe.each(bothStores)('%s', (_, storeOptions) => {
  test('a retry lists what runs again, and y carries it out in the name of the user', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids } = await failedCharges({ ...fixture, jobs }, charges(1))
    const [id = ''] = ids
    const host = new Host(jobs, { environment: { name: 'prod', isProduction: true } })
    await host.open('retry', failedRun(id))
    expect(host.view.title).toBe(`retry run ${id} in prod (production)`)
    expect(host.text).toBe(`would run again: pay\nwould keep: read\ndurable-jobs retry ${id} --by ana@desk`)
    expect(host.keys).toEqual(['y retry', 'c copy command', 'esc leave'])
    host.press('c', 'enter')
    expect(host.copied).toEqual([`durable-jobs retry ${id} --by ana@desk`])
    expect(await retriesOf(jobs, id)).toEqual([])
    host.press('y')
    await host.idle()
    expect(host.isOpen).toBe(false)
    expect(host.toasts).toEqual([`run ${id} is ready again`])
    expect(host.reloads).toBe(1)
    expect(await retriesOf(jobs, id)).toEqual(['ana@desk'])
    expect(host.state.log).toEqual([
      { at: 1_000, command: 'retry', target: `run ${id}`, outcome: 'done', text: `run ${id} is ready again` },
    ])
  })

  test('the store refuses a run that changed since the dialog opened', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids, charge } = await failedCharges({ ...fixture, jobs }, charges(3))
    const [retried = '', again = '', gone = ''] = ids
    const hosts = await Promise.all(
      ['retry', 'remove', 'retry'].map(async (command, i) => {
        const host = new Host(jobs)
        await host.open(command, failedRun(ids[i] ?? ''))
        return host
      }),
    )
    await jobs.run(retried).retry()
    await jobs.run(again).retry()
    const worker = await fixture.work(charge)
    await Promise.allSettled([retried, again].map((id) => jobs.run(id).result({ timeout: '2m' })))
    await worker.stop({ timeout: 0 })
    await jobs.remove(gone)
    const told: string[] = []
    for (const host of hosts) {
      host.press('y')
      await host.idle()
      told.push(host.text)
      expect(host.state.log).toMatchObject([{ outcome: 'refused' }])
      expect(host.reloads).toBe(0)
    }
    expect(told[0]).toContain(
      `run '${retried}' became failed again since it was read, so nothing was changed`,
    )
    expect(told[1]).toContain(`run '${again}' became failed again since it was read`)
    expect(told[2]).toContain(`no run '${gone}'`)
    expect(await retriesOf(jobs, retried)).toHaveLength(1)
    expect(await jobs.run(again).status()).toMatchObject({ state: 'failed' })
  })

  test('a run that changed between the frame and the key press is not offered', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids } = await failedCharges({ ...fixture, jobs }, charges(1))
    const [id = ''] = ids
    const host = new Host(jobs)
    await host.open('cancel', { kind: 'run', id, job: 'charge', state: 'running' })
    expect(host.text).toBe('it became failed after it was chosen')
    expect(host.keys).toEqual(['esc leave'])
    host.press('y', 'esc')
    expect(host.isOpen).toBe(false)
  })

  test('an at-most-once step in the way requires permission', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids } = await failedCharges({ ...fixture, jobs }, [{ once: true }])
    const [id = ''] = ids
    const host = new Host(jobs)
    await host.open('retry', failedRun(id))
    expect(host.text).toContain(
      "would run the at-most-once step 'pay' again: refused, unless with --run-again pay",
    )
    host.press('y')
    expect(host.text).toContain('nothing would be done; o lets the at-most-once steps run again')
    expect(await retriesOf(jobs, id)).toEqual([])
    host.press('o')
    await host.idle()
    expect(host.text).toContain('make sure that the effect did not happen')
    expect(host.text).toContain(`durable-jobs retry ${id} --run-again pay`)
    // More severe now: it requires a reason.
    expect(host.text).toContain('reason: ')
    host.press('y')
    await host.idle()
    expect(await retriesOf(jobs, id)).toEqual(['ana@desk'])
  })

  test('a cancel takes a reason, which the history records', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { charge } = await failedCharges({ ...fixture, jobs }, [])
    const { id } = await jobs.enqueue(charge, {})
    const host = new Host(jobs)
    await host.open('cancel', { kind: 'run', id, job: 'charge', state: 'ready' })
    expect(host.text).toContain('would be cancelled at once; it is ready')
    host.press('tab')
    host.type('try yes')
    host.press('enter')
    expect(host.text).toContain(`durable-jobs cancel ${id} --reason 'try yes' --by ana@desk`)
    expect(await jobs.run(id).status()).toMatchObject({ state: 'ready' })
    host.press('y')
    await host.idle()
    expect(await jobs.inspector.run(id)).toMatchObject({
      ...{ state: 'cancelled', by: 'ana@desk', reason: 'try yes' },
    })
    const { events } = await jobs.inspector.events({ log: 'operations', limit: 10 })
    expect(events.at(-1)).toMatchObject({
      ...{ operation: 'cancel run', subject: id, by: 'ana@desk', reason: 'try yes' },
    })
  })

  test('a retry from a step lists what runs again, what is retained and what needs permission', async () => {
    const { jobs, ...fixture } = await openFixture(await storeOptions())
    const { ids } = await failedCharges({ ...fixture, jobs }, [{ once: true }])
    const [id = ''] = ids
    const host = new Host(jobs)
    await host.open('retry from step', failedRun(id))
    expect(host.text).toBe(
      [
        '  read  done, 1 try  is kept',
        '> pay  failed, 1 try  runs again; at most once: must be allowed',
      ].join('\n'),
    )
    host.press('k')
    expect(host.text).toContain('> read  done, 1 try  runs again')
    host.press('y', 'enter')
    await host.idle()
    expect(host.text).toContain("at-most-once step 'pay' again: refused")
    host.press('o')
    await host.idle()
    expect(host.text).toContain('would run again: read, pay')
    expect(host.text).toContain(`durable-jobs retry ${id} --from read --run-again pay`)
    host.press('y')
    await host.idle()
    expect(await jobs.inspector.journal(id, { after: 0, limit: 10 })).toEqual([])
  })
})

test('in production an action that discards work requires the count', async () => {
  const { jobs, ...fixture } = await openFixture()
  const { ids } = await failedCharges({ ...fixture, jobs }, charges(1))
  const [id = ''] = ids
  const host = new Host(jobs, { environment: { name: 'prod', isProduction: true } })
  await host.open('remove', failedRun(id))
  expect(host.view.tone).toBe('bad')
  expect(host.text).toContain('type 1: ')
  host.press('y')
  expect(host.text).toContain('type 1: y')
  host.press('ctrl-u', '1')
  expect(host.keys).toContain('y remove')
  host.press('y')
  await host.idle()
  expect(await jobs.inspector.run(id)).toBeUndefined()
})

test('an impossible action is reported before a dialog opens', async () => {
  const { jobs } = await openFixture()
  const host = new Host(jobs)
  const run = { kind: 'run', id: 'r', job: 'charge', state: 'completed' } as const
  expect(host.refusal('retry', run)).toBe(
    'it is completed; only a failed, cancelled, expired or blocked run can be retried',
  )
  expect(host.refusal('retry', run, run)).toBe('none of the marked runs can be retried')
  expect(host.refusal('retry from step', run, run)).toBe("it doesn't apply to 2 runs")
  expect(host.refusal('retry')).toBe('nothing is selected')
  expect(host.refusal('retry', { ...run, state: 'failed' }, { kind: 'queue', id: 'q', paused: false })).toBe(
    'it applies to marked runs, or to one run at a time',
  )
  expect(host.refusal('drain', { kind: 'worker', id: 'w', draining: true })).toBe('it is already draining')
  expect(host.refusal('drain', run)).toBe("it doesn't apply to run r")
  expect(host.refusal('drain', { kind: 'worker', id: 'w', draining: false })).toBeUndefined()
})

test('an at-most-once step before the chosen one is not in the way', () => {
  const step = { kind: 'run', state: 'done', tries: 1, durationMs: 1, storedAt: 1 } as const
  const steps = [
    { ...step, path: 'charge', atMostOnce: true as const },
    { ...step, path: 'mail' },
  ]
  expect(onceFrom('mail', steps)).toEqual([])
  expect(onceFrom('charge', steps)).toEqual(['charge'])
})
