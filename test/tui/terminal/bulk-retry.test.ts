import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../../runtime/store/open-store.ts'
import type { Store } from '../../../runtime/store/store.ts'
import { parseStoreConfig } from '../../../runtime/store/store-config.ts'
import { printEvidence, provingNumber } from '../../support/evidence.ts'
import { openFixture } from '../../support/fixture.ts'
import { waitUntil } from '../../support/incidents/wait-until.ts'
import { bothStores } from '../../support/stores/both-stores.ts'
import { failed, mark, newRun, plainError } from '../../support/stores/store-inputs.ts'
import { TestWorker } from '../../support/stores/test-worker.ts'
import { confirm, fill } from './confirm.ts'
import { addressOf } from './shop.ts'
import { Stage } from './stage.ts'
import { type WriteGate, writeGate } from './write-gate.ts'

const count = provingNumber('DURABLE_JOBS_PROVE_RETRIED', 300)
/** An action on so many takes seconds. */
const manyRuns = 10_000
const atOnce = 100
const cause = mark('the bank is down')

/** Runs that failed for one cause; no worker takes them once they are retried. */
async function failures(store: Store): Promise<readonly string[]> {
  const worker = await TestWorker.register(store, { concurrency: atOnce, leaseMs: 600_000 })
  const ids: string[] = []
  while (ids.length < count) {
    const runs = Array.from({ length: Math.min(atOnce, count - ids.length) }, () => newRun())
    await store.enqueue(runs)
    const claimed = await worker.claim(atOnce)
    await worker.send(...claimed.map((run) => worker.checkpoint(run, failed('pay'))))
    await worker.send(
      ...claimed.map((run) =>
        worker.settlement(run, { kind: 'failed', error: plainError, escaped: 'pay', mark: cause }),
      ),
    )
    ids.push(...runs.map(({ id }) => id))
  }
  return ids
}

async function retries(store: Store, ids: readonly string[]): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>()
  for (const id of ids) {
    const number = (await store.history(id)).filter(({ kind, by }) => kind === 'retry' && by === 'ana').length
    counts.set(number, (counts.get(number) ?? 0) + 1)
  }
  return counts
}

/** Confirms, and admits the first runs. If the action would end too soon, it is delayed there. */
async function inTheMiddle(stage: Stage, store: Store, gate: WriteGate | undefined): Promise<void> {
  await gate?.close()
  await confirm(stage)
  if (gate === undefined) return
  await stage.shows('waiting for the store')
  await gate.open()
  await waitUntil(async () => ((await store.actions(1))[0]?.done ?? 0) > 0)
  await gate.close()
}

describe.each(bothStores)('%s', (name, storeOptions) => {
  test(`${count} failures of one cause are retried by keys: stopped halfway, continued, each retried once`, async () => {
    const fixture = await openFixture(await storeOptions())
    const store = await openStore(parseStoreConfig(fixture.store))
    onTestFinished(() => store.close())
    const ids = await failures(store)

    const stage = await Stage.open(addressOf(fixture.store), { args: ['--write', '--as', 'ana'] })
    await stage.go('failures')
    await stage.shows(new RegExp(`✖ ${count.toLocaleString('en')} [\\s\\S]*the bank is down`))
    await stage.press('r')
    await stage.shows([`${count} runs to retry`, `type ${count}`])
    await fill(stage, `type ${count}`, String(count))
    const gate = count < manyRuns ? writeGate(fixture.store) : undefined
    const began = performance.now()
    await inTheMiddle(stage, store, gate)
    const progress = await stage.shows(new RegExp(`retried [1-9]\\d* of ${count}`))
    await stage.press('s')
    // Where nothing holds it up that is soon over; on a busy machine the call that waits may have given up already.
    if (gate !== undefined) await stage.shows(/stopping after the current chunk|; continue/)
    await gate?.open()
    const stopped = await stage.shows(/retried \d+ runs \(action act_\S+\);[\s\S]*continue/)
    const [action] = await store.actions(1)
    const done = action?.done ?? 0
    expect(done).toBeGreaterThanOrEqual(Number(/retried (\d+) of/.exec(progress.text)?.[1]))
    expect(done).toBeLessThan(count)
    expect(stopped.text).toContain(`retried ${done} runs (action ${action?.id})`)
    expect(await retries(store, ids)).toEqual(
      new Map([
        [1, done],
        [0, count - done],
      ]),
    )

    await confirm(stage)
    await stage.shows(({ message }) => message.includes(`retried ${count} runs (action ${action?.id})`))
    const ms = Math.round(performance.now() - began)
    expect(await retries(store, ids)).toEqual(new Map([[1, count]]))
    const { events } = await store.events({ log: 'operations', limit: 10 })
    expect(events.filter(({ kind }) => kind === 'operation')).toMatchObject([
      { operation: 'worker joined' },
      { operation: 'begin action', subject: action?.id, by: 'ana' },
      { operation: 'end action', subject: action?.id, by: 'ana', count },
    ])
    printEvidence({
      measure: 'a retry of many by keys, stopped in the middle and continued',
      ...{ store: name, runs: count, 'when stopped': done, 'retried once': count, goal: count, ms },
    })
  })
})
