import { describe, expect, onTestFinished, test } from 'vitest'
import { bothStores } from '../../support/stores/both-stores.ts'
import { confirm, takesKeys } from './confirm.ts'
import { openShop } from './shop.ts'
import { Stage } from './stage.ts'

describe.each(bothStores)('%s', (_, storeOptions) => {
  test('five are retried first, their ends are shown, and the others follow on confirmation', async () => {
    const shop = await openShop(storeOptions, onTestFinished)
    const { inspector } = shop.jobs
    const group = (await inspector.failures({ job: 'settle', limit: 1 }))[0]
    const count = group?.failedNow ?? 0
    expect(count).toBeGreaterThan(5)
    const retried = async (): Promise<number> => {
      const { runs } = await inspector.runs({ job: 'settle', limit: 100 })
      const histories = await Promise.all(runs.map(({ id }) => inspector.history(id)))
      return histories.filter((history) => history.some(({ kind, by }) => kind === 'retry' && by === 'ana'))
        .length
    }
    shop.control.isBankBack = true
    const stage = await Stage.open(shop.address, { args: ['--write', '--as', 'ana'] })
    await stage.go('failures job:settle')
    await stage.cursorOn('settle')
    await stage.press('r')
    await stage.shows([`${count} runs to retry`, 'f 5 first'])
    await takesKeys(stage)
    await stage.press('f')
    await stage.shows('5 first; once they have ended, this dialog asks about the others')
    expect(await confirm(stage)).toContain('--first 5')
    const asked = await stage.shows(`5 of 5 completed; the other ${count - 5} runs?`)
    expect(asked.body.filter((line) => /completed/.test(line))).toHaveLength(6)
    expect(await retried()).toBe(5)
    expect((await inspector.failures({ job: 'settle', limit: 1 }))[0]?.failedNow).toBe(count - 5)

    expect(await confirm(stage)).toMatch(/^durable-jobs retry --continue act_/)
    await stage.shows(({ message }) => message.includes(`retried ${count} runs (action act_`))
    expect(await retried()).toBe(count)
    await expect
      .poll(async () => (await inspector.failures({ job: 'settle', limit: 1 }))[0]?.failedNow)
      .toBe(0)
  })
})
