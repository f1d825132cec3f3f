import { describe, expect, test } from 'vitest'
import { defineJob, limits } from '../../../sdk/index.ts'
import { logRows } from '../../../tui/actions/session-log.ts'
import type { Thing } from '../../../tui/app/thing.ts'
import { openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { Host } from './hosted.ts'

const gateway = limits.fixedWindow({ name: 'gateway', limit: 10, window: '1m' })
const mail = defineJob<{ to?: string }>(
  { name: 'mail', queue: 'mail', limits: [{ limiter: gateway }] },
  async () => undefined,
)

describe.each(bothStores)('%s', (_, storeOptions) => {
  test('pauses a queue with a reason, and resumes it', async () => {
    const { jobs } = await openFixture(await storeOptions())
    await jobs.enqueue(mail, {})
    const host = new Host(jobs)
    await host.open('pause or resume', { kind: 'queue', id: 'mail', paused: false })
    expect(host.text).toContain('no worker would start its runs')
    host.press('tab')
    host.type('storm')
    host.press('enter', 'c', 'y')
    await host.idle()
    expect(host.copied).toEqual(['durable-jobs pause mail --reason storm --by ana@desk'])
    expect(await jobs.inspector.queues()).toMatchObject([
      { name: 'mail', paused: { by: 'ana@desk', reason: 'storm' } },
    ])
    await host.open('pause or resume', { kind: 'queue', id: 'mail', paused: false })
    expect(host.text).toBe('it is already paused by ana@desk (storm)')
    host.press('esc')
    await host.open('pause or resume', { kind: 'queue', id: 'mail', paused: true })
    expect(host.text).toContain('paused by ana@desk (storm)')
    host.press('y')
    await host.idle()
    expect((await jobs.inspector.queues()).filter(({ paused }) => paused)).toEqual([])
    expect(logRows(host.state.log, 1_000)).toMatchObject([
      { at: '00:00:01 UTC', text: 'queue mail runs again' },
      { action: 'pause or resume', target: 'queue mail', outcome: 'done', text: 'queue mail is paused' },
    ])
  })

  test('pauses, resumes and triggers a schedule once', async () => {
    const { jobs } = await openFixture(await storeOptions())
    await jobs.schedules.put('nightly', mail, { cron: '0 3 * * *', input: {} })
    const host = new Host(jobs)
    await host.open('pause or resume', { kind: 'schedule', id: 'nightly', paused: false })
    expect(host.text).toContain("no tick would run 'mail'")
    host.press('y')
    await host.idle()
    await host.open('trigger', { kind: 'schedule', id: 'nightly', paused: true })
    host.press('y')
    await host.idle()
    const { runs } = await jobs.inspector.runs({ job: 'mail', limit: 10 })
    expect(host.toasts.at(-1)).toBe(`run ${runs[0]?.id} is enqueued`)
    expect(runs).toHaveLength(1)
    await host.open('pause or resume', { kind: 'schedule', id: 'nightly', paused: true })
    host.press('y')
    await host.idle()
    const [schedule] = await jobs.schedules.list()
    expect(schedule?.paused).toBeUndefined()
    await host.open('trigger', { kind: 'schedule', id: 'other', paused: false })
    expect(host.text).toContain("there is no schedule 'other'")
  })

  test('drains a worker after showing which workers take its jobs over', async () => {
    const { jobs, work } = await openFixture(await storeOptions())
    const worker = await work(mail)
    const host = new Host(jobs)
    const thing = { kind: 'worker', id: worker.name, draining: false } as const
    await host.open('drain', thing)
    expect(host.text).toContain('it would claim no more, hand 0 runs over and stop')
    expect(host.text).toContain("no other live worker has 'mail': those runs would wait for one")
    host.press('y')
    await host.idle()
    expect(host.toasts).toEqual([
      `worker ${worker.name} is draining: it claims no more runs and hands over those it holds`,
    ])
    await host.open('drain', { ...thing, id: 'gone' })
    expect(host.text).toBe('there is no longer a live worker of this name')
  })

  test('sets a limiter to the values of the fields, and resets it', async () => {
    const { jobs, work } = await openFixture(await storeOptions())
    const worker = await work(mail)
    await worker.stop({ timeout: 0 })
    const host = new Host(jobs)
    const thing = { kind: 'limiter', id: 'gateway' } as const
    await host.open('reset limiter', thing)
    expect(host.text).toBe("the code's numbers are in force: no operator set others")
    host.press('esc')
    await host.open('set limiter', thing)
    expect(host.text).toContain('limit: 10\nwindow: 1m\nreason: ')
    host.press('ctrl-u')
    host.type('ten')
    host.press('tab', 'tab', 'tab', 'y')
    expect(host.text).toContain("'ten' is not a whole number")
    host.press('ctrl-u', '4', 'tab', 'ctrl-u')
    host.type('30s')
    host.press('tab', 'enter', 'c', 'y')
    await host.idle()
    expect(host.copied).toEqual(['durable-jobs limits gateway --set limit=4 --set window=30s --by ana@desk'])
    expect(await jobs.limits.list()).toMatchObject([
      { rule: { max: 4, everyMs: 30_000 }, byHand: { by: 'ana@desk' } },
    ])
    await host.open('reset limiter', thing)
    expect(host.text).toContain("from limit 4, window 30.0 s back to the code's numbers: limit 10")
    host.press('y')
    await host.idle()
    expect((await jobs.limits.list())[0]?.byHand).toBeUndefined()
  })

  test('mutes a finding for a while, and unmutes it', async () => {
    const { jobs } = await openFixture(await storeOptions())
    const host = new Host(jobs)
    const thing = { kind: 'finding', id: 'paused-queue:mail', muted: false } as const
    expect(host.refusal('unmute', thing)).toBe('it is not muted')
    // Another operator was faster.
    await host.open('unmute', { ...thing, muted: true })
    expect(host.text).toBe('it is not muted')
    host.press('esc')
    await host.open('mute', thing)
    host.press('ctrl-u')
    host.type('60d')
    host.press('tab', 'tab', 'y')
    expect(host.text).toContain('a finding is muted for at most 30 days')
    host.press('ctrl-u')
    host.type('2h')
    host.press('tab', 'tab', 'y')
    await host.idle()
    expect(await jobs.inspector.mutes()).toMatchObject([{ finding: thing.id, by: 'ana@desk' }])
    await host.open('unmute', { ...thing, muted: true })
    host.press('y')
    await host.idle()
    expect(host.toasts.at(-1)).toBe('paused-queue:mail is no longer muted')
    expect(await jobs.inspector.mutes()).toEqual([])
  })

  test('a target that changed since the dialog described it is left unchanged', async () => {
    const { jobs, work } = await openFixture(await storeOptions())
    const worker = await work(mail)
    await worker.stop({ timeout: 0 })
    await jobs.schedules.put('nightly', mail, { cron: '0 3 * * *', input: {} })
    const finding = 'paused-queue:mail'
    const other = { by: 'ben' }
    const host = new Host(jobs)
    /** Opens a dialog, lets another operator act, leaves its fields and confirms. */
    const late = async (
      command: string,
      thing: Thing,
      act: () => Promise<unknown>,
      fields = 0,
    ): Promise<string> => {
      await host.open(command, thing)
      await act()
      host.press(...Array<string>(fields).fill('tab'), 'y')
      await host.idle()
      const { text } = host
      host.press('esc')
      return text
    }
    const queue = (paused: boolean) => ({ kind: 'queue', id: 'mail', paused }) as const
    const schedule = (paused: boolean) => ({ kind: 'schedule', id: 'nightly', paused }) as const
    const limiter = { kind: 'limiter', id: 'gateway' } as const
    const moved = (what: string) => expect.stringContaining(`${what} has changed since it was read`)
    expect(await late('pause or resume', queue(false), () => jobs.pauseQueue('mail', other))).toEqual(
      moved("queue 'mail'"),
    )
    expect(await late('pause or resume', queue(true), () => jobs.resumeQueue('mail', other))).toEqual(
      moved("queue 'mail'"),
    )
    expect(
      await late('pause or resume', schedule(false), () =>
        jobs.schedules.put('nightly', mail, { cron: '0 4 * * *', input: {} }),
      ),
    ).toEqual(moved("schedule 'nightly'"))
    expect(
      await late('trigger', schedule(false), () =>
        jobs.schedules.put('nightly', mail, { cron: '0 5 * * *', input: {} }),
      ),
    ).toEqual(moved("schedule 'nightly'"))
    expect((await jobs.inspector.runs({ limit: 10 })).runs).toEqual([])
    expect(
      await late('set limiter', limiter, () => jobs.limits.set('gateway', { limit: 7 }, other), 3),
    ).toEqual(moved("limiter 'gateway'"))
    expect(await late('reset limiter', limiter, () => jobs.limits.reset('gateway', other))).toEqual(
      moved("limiter 'gateway'"),
    )
    expect(
      await late(
        'mute',
        { kind: 'finding', id: finding, muted: false },
        () => jobs.muteFinding(finding, { for: '5m', ...other }),
        2,
      ),
    ).toEqual(moved(`the mute of '${finding}'`))
    expect(
      await late('unmute', { kind: 'finding', id: finding, muted: true }, () =>
        jobs.muteFinding(finding, { for: '9m', ...other }),
      ),
    ).toEqual(moved(`the mute of '${finding}'`))
    expect(await jobs.inspector.mutes()).toMatchObject([{ by: 'ben' }])
  })
})
