import { expect, test } from 'vitest'
import { actionCommands, actions } from '../../../tui/actions/actions.ts'
import { keymap } from '../../../tui/keymap.ts'
import { type Fixture, openFixture } from '../../support/fixture.ts'
import { charges, failedCharges, failedRun, retriesOf } from './charges.ts'
import { Host } from './hosted.ts'

async function failedOne(): Promise<Fixture & { readonly id: string }> {
  const fixture = await openFixture()
  const { ids } = await failedCharges(fixture, charges(1))
  return { ...fixture, id: ids[0] ?? '' }
}

test('keys of the read that opened the dialog, and keys before its frame, are ignored', async () => {
  const { jobs, id } = await failedOne()
  const host = new Host(jobs)
  // As `ry` in one read: the second key comes with the number of the first.
  host.begin('retry', [failedRun(id)])
  host.dispatch({ kind: 'key', key: { name: 'y', text: 'y' }, read: 1 })
  // A later read, but before its frame.
  host.read('y')
  host.paint()
  // The plan has arrived, but not its frame: this was typed at the frame before.
  const plan = host.idle()
  await host.until(() => host.text.includes('would run again'))
  await plan
  expect(await retriesOf(jobs, id)).toEqual([])
  expect(host.isOpen).toBe(true)
  // Its frame is painted by now, but this key is older.
  host.dispatch({ kind: 'key', key: { name: 'y', text: 'y' }, read: 1 })
  await host.idle()
  expect(await retriesOf(jobs, id)).toEqual([])
  host.read('y')
  await host.idle()
  expect(await retriesOf(jobs, id)).toHaveLength(1)
})

test('a y between the plan and its frame confirms nothing', async () => {
  const { jobs, id } = await failedOne()
  const host = new Host(jobs)
  host.begin('retry', [failedRun(id)])
  host.paint()
  const shown = host.state.mode.kind === 'dialog' ? host.state.mode.dialog.stage : ''
  await new Promise<void>((resolve) => {
    const look = (): void => (host.text.includes('would run again') ? resolve() : void setImmediate(look))
    look()
  })
  host.read('y')
  // The frame before the plan arrives late.
  host.dispatch({ kind: 'painted', stage: shown })
  host.read('y')
  expect(host.keys).toContain('y retry')
  host.paint()
  host.read('y', 'y', 'y')
  await host.idle()
  expect(host.toasts).toHaveLength(1)
  expect(await retriesOf(jobs, id)).toHaveLength(1)
})

test('a count and a y in one read do not confirm; nor does a paste', async () => {
  const fixture = await openFixture()
  const { ids } = await failedCharges(fixture, charges(26))
  const host = new Host(fixture.jobs)
  await host.open('retry', ...ids.map(failedRun))
  host.dispatch({ kind: 'paste', text: '26' })
  expect(host.text).toContain('type 26: \n')
  host.read('2', '6', 'y')
  host.paint()
  expect(host.text).toContain('type 26: 26\n')
  expect(await fixture.jobs.actions.list()).toEqual([])
  host.dispatch({ kind: 'paste', text: 'y' })
  host.press('enter', 'space', 'Y')
  expect(await fixture.jobs.actions.list()).toEqual([])
  host.press('y')
  await host.idle()
  expect(await fixture.jobs.actions.list()).toMatchObject([{ done: 26 }])
})

test('a paste enters a text field as one line', async () => {
  const { jobs, id } = await failedOne()
  const host = new Host(jobs)
  await host.open('remove', failedRun(id))
  host.press('tab')
  host.dispatch({ kind: 'paste', text: 'too\nold\u001b[31m' })
  expect(host.text).toContain('reason: too old')
  host.press('esc')
  expect(host.isOpen).toBe(false)
  expect(await jobs.run(id).status()).toMatchObject({ state: 'failed' })
})

test('events of a closed dialog do not reach another one', async () => {
  const { jobs, id } = await failedOne()
  const host = new Host(jobs)
  host.begin('remove', [failedRun(id)])
  host.paint()
  host.read('esc')
  expect(host.isOpen).toBe(false)
  // Its plan takes more reads: the plan of the first dialog arrives before it.
  await host.open('retry', failedRun(id))
  expect(host.text).toContain('would run again: pay')
})

test('each action has a key of its tier, and each action key has an action', () => {
  const bound = keymap.filter(({ group }) => group === 'act')
  expect(bound.map(({ command }) => command).sort()).toEqual([...actionCommands].sort())
  for (const { command, tier } of bound) {
    const tiers = actions.filter((action) => action.command === command).map((action) => action.tier)
    expect([command, tier]).toEqual([command, Math.max(...tiers)])
  }
})
