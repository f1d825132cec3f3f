import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig, type StoreOptions } from '../../runtime/store/store-config.ts'
import { printEvidence, provingNumber } from '../support/evidence.ts'
import { Fleet } from '../support/fleet/fleet.ts'
import { storeKinds } from '../support/fleet/store-kinds.ts'
import { cliFile } from '../support/processes/program-file.ts'
import { failed, mark, newRun, plainError } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'

const count = provingNumber('DURABLE_JOBS_PROVE_RETRIED', 200)
/** Parts of the action after which the process that carries it out is killed. */
const killedAt = [0.1, 0.4, 0.7]
const claimedAtOnce = 100

const main = cliFile()

/** One command line, as an operator types it. */
function commandLine({ url, namespace }: StoreOptions, ...words: readonly string[]) {
  const address = namespace === undefined ? url : `${url}?namespace=${namespace}`
  const child = spawn(process.execPath, [main, ...words, '--store', address ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }))
  return { child, ended }
}

const cause = mark('the bank is down')

/** Fails every ready run, until none is left. */
async function failAll(worker: TestWorker): Promise<void> {
  for (;;) {
    const runs = await worker.claim(claimedAtOnce)
    if (runs.length === 0) return
    const records = runs.map((run) => worker.checkpoint(run, failed('pay')))
    const ends = runs.map((run) =>
      worker.settlement(run, { kind: 'failed', error: plainError, escaped: 'pay', mark: cause }),
    )
    await worker.send(...records)
    await worker.send(...ends)
  }
}

async function retriesOf(store: Store, ids: readonly string[]): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>()
  for (const id of ids) {
    const retries = (await store.history(id)).filter(({ kind }) => kind === 'retry').length
    counts.set(retries, (counts.get(retries) ?? 0) + 1)
  }
  return counts
}

describe.each(storeKinds)('%s', (kind) => {
  test(`a retry of ${count} failures of one fingerprint, killed and continued by another process, retries each once`, async () => {
    const fleet = await Fleet.open(kind)
    const store = await openStore(parseStoreConfig(fleet.store))
    onTestFinished(() => store.close())
    const worker = await TestWorker.register(store, { concurrency: claimedAtOnce, leaseMs: 600_000 })
    const ids: string[] = []
    while (ids.length < count) {
      const runs = Array.from({ length: Math.min(500, count - ids.length) }, () => newRun())
      await store.enqueue(runs)
      ids.push(...runs.map(({ id }) => id))
      await failAll(worker)
    }

    // So slow that the rest takes seconds when it is killed.
    const rate = `${Math.round(count / 4)}/s`
    let kills = 0
    const began = Date.now()
    let operator = commandLine(
      fleet.store,
      'retry',
      '--fingerprint',
      cause.fingerprint,
      '--yes',
      '--rate',
      rate,
    )
    for (const part of killedAt) {
      // Retried runs fail at once, so that one that is met again could be retried again.
      await expect
        .poll(async () => {
          await failAll(worker)
          return (await store.actions(1))[0]?.done ?? 0
        })
        .toBeGreaterThan(count * part)
      operator.child.kill('SIGKILL')
      await operator.ended
      const [action] = await store.actions(1)
      if (action?.endedAt === undefined) kills++
      const again = ['retry', '--continue', action?.id ?? '', '--rate', rate]
      operator = commandLine(fleet.store, ...again)
    }
    const { code, said } = await operator.ended
    expect({ code, said }).toEqual({
      code: 0,
      said: expect.stringContaining(`retried ${count} runs (action act_`),
    })
    expect(kills).toBeGreaterThan(0)
    expect(await retriesOf(store, ids)).toEqual(new Map([[1, count]]))
    printEvidence({
      measure: 'a retry of many by a command line that is killed and continued',
      ...{ store: kind, runs: count, kills, 'retried once': count, goal: count, ms: Date.now() - began },
    })
  })
})
