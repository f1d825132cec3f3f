import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StoreEvent } from '../../../runtime/store/events.ts'
import { actionCommands } from '../../../tui/actions/actions.ts'
import { keymap } from '../../../tui/keymap.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import type { ActionCase } from './action-case.ts'
import { actionCases, firstRow } from './action-cases.ts'
import { confirm } from './confirm.ts'
import { openShop, type Shop } from './shop.ts'
import { Stage } from './stage.ts'

test('each command that changes the store is covered', () => {
  const tried = new Set(actionCases.map(({ command }) => command))
  expect([...tried].sort()).toEqual([...actionCommands].sort())
})

function keyOf({ command }: ActionCase): string {
  const key = keymap.find((binding) => binding.command === command)?.keys[0]
  if (key === undefined) throw new Error(`no key is for '${command}'`)
  return key
}

/** Its entries in the log of operations: on several runs a begin and an end. */
function operationsOf({ operation, reason }: ActionCase, targets: readonly string[]): readonly object[] {
  const [subject] = targets
  return operation === 'begin action'
    ? [{ operation }, { operation: 'end action', count: targets.length }]
    : [{ operation, subject, ...(reason === undefined ? {} : { reason }) }]
}

const isProving = process.env.DURABLE_JOBS_PROVE_KEYS !== undefined

describe.each(bothStores)('%s', (name, storeOptions) => {
  const isFirst = name === bothStores[0]?.[0]
  const closing: (() => void)[] = []
  let shop: Shop

  beforeAll(async () => {
    shop = await openShop(storeOptions, (close) => closing.push(close))
  })
  afterAll(() => {
    for (const close of closing) close()
  })

  /** Goes to the rows that a case is for, and chooses them. */
  async function choose(
    stage: Stage,
    one: ActionCase,
    targets: readonly string[],
    armed: boolean,
  ): Promise<void> {
    await stage.go(one.place)
    await stage.cursorOn(await firstRow(one, shop, targets))
    if (armed && one.ready !== undefined) await stage.shows(one.ready)
    await stage.press(...(one.choose ?? []))
    if (armed && one.chosen !== undefined) await stage.shows(one.chosen)
  }

  async function newest(): Promise<StoreEvent | undefined> {
    return (await shop.jobs.inspector.events({ limit: 1 })).events.at(-1)
  }

  const elsewhere = isFirst ? '' : ' (npm run prove -- keys)'
  test.runIf(isFirst || isProving)(
    `without --write each of their keys is refused, and nothing changes${elsewhere}`,
    async () => {
      const stage = await Stage.open(shop.address, { args: ['--as', 'ana'] })
      const before = await newest()
      for (const one of actionCases) {
        await choose(stage, one, await one.targets(shop), false)
        await stage.press(keyOf(one))
        await stage.shows(({ message }) =>
          message.includes(`${one.command}: read-only: start jobs-tui with --write`),
        )
        // Copies the id of the row, which is all that it can do here.
        await stage.press('y')
        const { isBrowsing } = await stage.shows(
          (frame) => frame.message.includes('to the clipboard') || frame.text.includes('▸─ copy'),
        )
        if (!isBrowsing) await stage.press('y')
        await stage.shows((frame) => frame.isBrowsing && frame.message.includes('to the clipboard'))
        await stage.press(...(one.leave ?? []), '1')
      }
      expect(await newest()).toEqual(before)
      await stage.press('L')
      await stage.shows('nothing was done in this session yet')
    },
  )

  test('with --write they do as described, in the name of the operator', async () => {
    shop.control.isBankBack = true
    const stage = await Stage.open(shop.address, { args: ['--write', '--as', 'ana'] })
    for (const one of actionCases) {
      const { inspector } = shop.jobs
      const targets = await one.targets(shop)
      expect([one.title, targets.length > 0]).toEqual([one.title, true])
      const { cursor } = await inspector.events({ log: 'operations', limit: 1 })
      await choose(stage, one, targets, true)
      await stage.press(keyOf(one))
      await stage.shows(one.asks(targets))
      const command = await (one.answer?.(stage, targets) ?? confirm(stage))
      expect(command).toMatch(new RegExp(`^durable-jobs ${one.equal.source}`))
      expect(command).toContain('--by ana')
      await stage.shows(({ message }) => one.done(targets).test(message))
      await one.effect(shop, targets)
      const { events } = await inspector.events({ log: 'operations', after: cursor, limit: 100 })
      const own = events.filter((event) => event.kind === 'operation' && event.by === 'ana')
      expect(own).toMatchObject(operationsOf(one, targets))
      await stage.press(...(one.leave ?? []), '1')
    }
    await stage.press('L')
    await stage.shows(/done +drain/)
  })
})
