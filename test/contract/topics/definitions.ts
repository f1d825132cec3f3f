import { expect } from 'vitest'
import type { WorkerDefinition } from '../../../runtime/store/definitions.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { newWorker } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import type { TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const day = 86_400_000

/** The code of one version of an app: its declaration of the schedule `report`. */
function code(digest: string): { readonly definitions: readonly WorkerDefinition[] } {
  return { definitions: [{ kind: 'schedule', name: 'report', digest, definition: new Uint8Array() }] }
}

async function inForce(store: Store): Promise<string | undefined> {
  return (await store.definitions('schedule')).find((one) => one.inForce)?.digest
}

/** Starts a worker with this code, a minute after the one before. */
async function start({ worker, advance }: Contract, digest: string): Promise<TestWorker> {
  advance(60_000)
  return worker({ ...code(digest), leaseMs: 10 * day })
}

export function definitionsContract(open: Open): void {
  contractTest(
    open,
    'the digest first seen most recently is in force, whichever worker restarts',
    async (contract) => {
      const { store } = contract
      const old = await start(contract, 'old')
      expect(await inForce(store)).toBe('old')
      await start(contract, 'new')
      expect(await inForce(store)).toBe('new')
      await store.resign(old.lease, [])
      await start(contract, 'old')
      expect(await inForce(store)).toBe('new')
    },
  )

  contractTest(
    open,
    'after the last worker of a digest leaves, the previous digest is in force again',
    async (contract) => {
      const { store } = contract
      await start(contract, 'old')
      const newest = await start(contract, 'new')
      await store.resign(newest.lease, [])
      expect(await inForce(store)).toBe('old')
    },
  )

  contractTest(open, 'with no worker alive the last digest in force stays', async (contract) => {
    const { store, advance } = contract
    for (const digest of ['old', 'new']) await store.resign((await start(contract, digest)).lease, [])
    expect(await inForce(store)).toBe('new')
    advance(3 * day)
    await start(contract, 'old')
    expect(await inForce(store)).toBe('old')
  })

  contractTest(open, 'a digest is remembered for a day after its last worker', async (contract) => {
    const { store, advance } = contract
    const old = await start(contract, 'old')
    await start(contract, 'new')
    await store.resign(old.lease, [])
    advance(day - 120_000)
    await start(contract, 'old')
    expect(await inForce(store)).toBe('new')
    await store.resign((await start(contract, 'third')).lease, [])
    await start(contract, 'new')
    advance(2 * day)
    await start(contract, 'third')
    expect(await inForce(store)).toBe('third')
    const third = (await store.definitions('schedule')).find(({ digest }) => digest === 'third')
    expect(third).toMatchObject({ inForce: true, workers: 1, firstSeenAt: contract.now() })
  })

  contractTest(open, 'a definition names its first declarer and counts all', async (contract) => {
    const { store, now } = contract
    const first = await start(contract, 'old')
    const firstSeenAt = now()
    await start(contract, 'old')
    expect(await store.definitions('schedule')).toEqual([
      { name: 'report', digest: 'old', inForce: true, workers: 2, firstSeenBy: first.name, firstSeenAt },
    ])
  })

  contractTest(open, 'a repeated registration declares once', async ({ store }) => {
    const registered = newWorker(code('old'))
    await store.register(registered)
    await store.register(registered)
    expect(await store.definitions('schedule')).toMatchObject([{ workers: 1 }])
  })
}
