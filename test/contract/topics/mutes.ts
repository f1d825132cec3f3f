import { expect } from 'vitest'
import { maxMuteMs, maxMutes } from '../../../runtime/store/mutes.ts'
import { byHand } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { contractTest } from '../contract-test.ts'

const id = 'paused-queue:mail'

export function mutesContract(open: Open): void {
  contractTest(open, 'a mute says until when, by whom and why, and ends by itself', async (contract) => {
    const { store, now, advance, another } = contract
    const until = now() + 60_000
    expect(await store.muteFinding(id, 60_000, byHand({ reason: 'known' }))).toEqual({ until })
    await store.muteFinding('a', 120_000, byHand())
    const other = await another()
    expect(await other.mutes()).toEqual([
      { finding: 'a', until: now() + 120_000, by: 'ana' },
      { finding: id, until, by: 'ana', reason: 'known' },
    ])
    advance(59_999)
    expect(await store.mutes()).toHaveLength(2)
    advance(1)
    expect(await store.mutes()).toMatchObject([{ finding: 'a' }])
  })

  contractTest(open, 'muting again replaces the mute; an operator can end it early', async (contract) => {
    const { store, now } = contract
    await store.muteFinding(id, 60_000, byHand({ reason: 'known' }))
    await store.muteFinding(id, 5_000, byHand({ by: 'ben' }))
    expect(await store.mutes()).toEqual([{ finding: id, until: now() + 5_000, by: 'ben' }])
    expect(await store.unmuteFinding('other', byHand())).toBe(false)
    expect(await store.unmuteFinding(id, byHand())).toBe(true)
    expect(await store.mutes()).toEqual([])
    expect(await store.unmuteFinding(id, byHand())).toBe(false)
  })

  contractTest(open, 'a late repeat of a mute, or of its end, changes nothing', async (contract) => {
    const { store, now, advance } = contract
    const [mute, unmute] = [byHand(), byHand()]
    const until = now() + 60_000
    await store.muteFinding(id, 60_000, mute)
    advance(10)
    expect(await store.muteFinding(id, 60_000, mute)).toEqual({ until })
    expect(await store.mutes()).toMatchObject([{ until }])
    expect(await store.unmuteFinding(id, unmute)).toBe(true)
    expect(await store.muteFinding(id, 60_000, mute)).toEqual({ until })
    expect(await store.mutes()).toEqual([])
    await store.muteFinding(id, 60_000, byHand())
    expect(await store.unmuteFinding(id, unmute)).toBe(true)
    expect(await store.mutes()).toHaveLength(1)
  })

  contractTest(open, 'mutes and their ends are in the log of operations, once each', async ({ store }) => {
    const write = byHand({ reason: 'known' })
    await store.muteFinding(id, 60_000, write)
    await store.muteFinding(id, 60_000, write)
    const end = byHand({ by: 'ben' })
    await store.unmuteFinding(id, end)
    await store.unmuteFinding(id, end)
    await store.unmuteFinding(id, byHand())
    expect((await store.events({ log: 'operations', limit: 10 })).events).toMatchObject([
      { operation: 'mute finding', subject: id, by: 'ana', reason: 'known', details: { forMs: 60_000 } },
      { operation: 'unmute finding', subject: id, by: 'ben' },
    ])
  })

  contractTest(open, 'an ended mute counts as none', async ({ store, advance }) => {
    await store.muteFinding(id, 1_000, byHand())
    advance(1_000)
    expect(await store.unmuteFinding(id, byHand())).toBe(false)
  })

  contractTest(
    open,
    'a bounded number of findings is muted at a time; ended mutes make room',
    async (contract) => {
      const { store, advance } = contract
      for (let n = 0; n < maxMutes; n++)
        await store.muteFinding(`finding:${n}`, n === 7 ? 1_000 : 5_000, byHand())
      await expect(store.muteFinding(id, 1_000, byHand())).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
      // One that is muted already takes no further place.
      await store.muteFinding('finding:1', 6_000, byHand())
      advance(1_000)
      await store.muteFinding(id, 1_000, byHand())
      expect(await store.mutes()).toHaveLength(maxMutes)
    },
  )

  contractTest(open, 'an impossible id or duration is refused', async ({ store }) => {
    const bad = [
      ['', 1_000],
      ['x'.repeat(501), 1_000],
      [id, 0],
      [id, 1.5],
      [id, maxMuteMs + 1],
    ] as const
    for (const [finding, forMs] of bad) {
      await expect(store.muteFinding(finding, forMs, byHand())).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
      })
    }
    await expect(store.unmuteFinding('', byHand())).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    expect(await store.mutes()).toEqual([])
  })
}
