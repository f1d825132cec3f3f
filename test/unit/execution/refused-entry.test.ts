import { expect, test } from 'vitest'
import { openStore } from '../../../runtime/store/open-store.ts'
import { Worker } from '../../../runtime/worker/worker.ts'
import { parseWorkerOptions } from '../../../runtime/worker/worker-options.ts'
import { defineJob } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'

test.each([['alone'], ['with a later one behind it']])(
  'R24: an entry that the store refuses, %s, blocks its run, and its body is not executed again',
  async (how) => {
    const { jobs, store: at } = await openFixture()
    let charges = 0
    const job = defineJob({ name: 'charging' }, async ({ step }) => {
      const charge = step.run('charge', () => ++charges)
      const others = how === 'alone' ? [] : [step.run('other', () => 1)]
      await Promise.all([charge, ...others])
    })
    const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const options = parseWorkerOptions({ store: at, jobs: [job], handleSignals: false, logger })
    const worker = new Worker(options, async ({ store: config }) => {
      const store = await openStore(config)
      const commit = store.commit.bind(store)
      store.commit = async (lease, entries) => {
        const isRefused = entries.some(
          (entry) => entry.kind === 'checkpoint' && entry.record.path === 'charge',
        )
        if (isRefused) throw new Error('refused')
        return commit(lease, entries)
      }
      return store
    })
    await worker.start()
    const handle = await jobs.enqueue(job)
    await expect.poll(async () => (await handle.status()).state).toBe('blocked')
    expect(charges).toBe(1)
    await worker.stop({ timeout: 0 })
  },
)
