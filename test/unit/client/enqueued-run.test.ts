import { describe, expect, test } from 'vitest'
import { Jobs } from '../../../runtime/client/client.ts'
import { openStore } from '../../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { defineJob, type OnDuplicate } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'
import { replaceCalls } from '../../support/fleet/kill-point.ts'

const hello = defineJob({ name: 'hello' }, () => 'hello')

function unique(onDuplicate: OnDuplicate) {
  return defineJob<{ file: string }, string>(
    { name: 'unique', unique: { key: ({ file }) => file, until: 'finished', onDuplicate } },
    ({ input }) => input.file,
  )
}

describe('the handle of an enqueue', () => {
  test('says whether a run was created or joined', async () => {
    const { jobs } = await openFixture()
    const outcomes = [
      await jobs.enqueue(hello, undefined, { id: 'one' }),
      await jobs.enqueue(hello, undefined, { id: 'one' }),
      await jobs.enqueue(unique('join'), { file: 'a' }),
      await jobs.enqueue(unique('join'), { file: 'a' }),
    ].map(({ outcome, replaced }) => [outcome, replaced])
    expect(outcomes).toEqual([
      ['created', undefined],
      ['joined', undefined],
      ['created', undefined],
      ['joined', undefined],
    ])
  })

  test('says which run it replaced', async () => {
    const { jobs } = await openFixture()
    const first = await jobs.enqueue(unique('replace'), { file: 'a' }, { delay: '1h' })
    const second = await jobs.enqueue(unique('replace'), { file: 'a' }, { delay: '1h' })
    expect([first.outcome, second.outcome, second.replaced]).toEqual(['created', 'replaced', first.id])
    expect(await first.status()).toMatchObject({ state: 'cancelled' })
  })

  test('says `created` if only the reply to its own enqueue was lost', async () => {
    const { store } = await openFixture()
    const config = parseStoreConfig(store)
    const opened = await openStore(config)
    const twice = replaceCalls(opened, {
      enqueue: async (runs) => {
        await opened.enqueue(runs)
        return opened.enqueue(runs)
      },
    })
    await using jobs = new Jobs(twice, config, [])
    expect((await jobs.enqueue(hello)).outcome).toBe('created')
    expect((await jobs.enqueueMany(hello, [undefined])).map(({ outcome }) => outcome)).toEqual(['created'])
    // With an id of the caller it can't be distinguished from another enqueue of the same run.
    expect((await jobs.enqueue(hello, undefined, { id: 'mine' })).outcome).toBe('joined')
  })
})
