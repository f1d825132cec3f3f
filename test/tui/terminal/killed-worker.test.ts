import { describe, expect, test } from 'vitest'
import { printEvidence, provingNumber } from '../../support/evidence.ts'
import { Fleet, type Member } from '../../support/fleet/fleet.ts'
import { type FleetStoreKind, storeKinds } from '../../support/fleet/store-kinds.ts'
import { addressOf } from './shop.ts'
import { Stage } from './stage.ts'

const forever = 600_000
const kills = provingNumber('DURABLE_JOBS_PROVE_KILLS', 1)

/** A run held by a worker process, and another process that could take it over. */
async function heldRun(fleet: Fleet): Promise<{
  readonly run: string
  readonly holder: Member
  readonly names: { readonly holder: string; readonly other: string }
}> {
  await Promise.all([fleet.start(), fleet.start()])
  const handle = await fleet.client.enqueue(fleet.jobs.chain, { steps: 1, ms: forever })
  await fleet.reaches(handle, 'running')
  const { inspector } = fleet.client
  const workers = await inspector.workers()
  const held = workers.find(({ running }) => running === 1)
  const other = workers.find(({ running }) => running === 0)
  const holder = fleet.alive.find(({ pid }) => pid === held?.pid)
  if (held === undefined || other === undefined || holder === undefined) throw new Error('no run is held')
  return { run: handle.id, holder, names: { holder: held.name, other: other.name } }
}

/** How long after the kill each of the two screens shows it, in ms. */
async function seenAfterKill(
  store: FleetStoreKind,
): Promise<{ readonly workers: number; readonly runs: number }> {
  const fleet = await Fleet.open(store)
  const { run, holder, names } = await heldRun(fleet)
  const address = addressOf(fleet.store)
  const workers = await Stage.open(address)
  const runs = await Stage.open(address, { size: { columns: 160, rows: 45 } })
  const holds = (name: string, count: number): RegExp => new RegExp(`${name} +● working +\\S+ ${count}/`)
  await workers.go('workers')
  await workers.shows([holds(names.holder, 1), holds(names.other, 0)])
  await runs.go('runs state:running')
  await runs.shows([run, names.holder])

  const killedAt = performance.now()
  const since = (): number => performance.now() - killedAt
  holder.signal('SIGKILL')
  const [onWorkers, onRuns] = await Promise.all([
    workers.shows([holds(names.other, 1), new RegExp(`${names.holder} +☠ (gone|lost)`)]).then(since),
    runs.shows([run, 'its worker was lost once', names.other]).then(since),
  ])
  const taken = { state: 'running', losses: 1, worker: names.other }
  expect(await fleet.client.inspector.run(run)).toMatchObject(taken)
  // The row of the dead worker shows the cause of its loss.
  await workers.press('G')
  await workers.shows(`worker ${names.holder} lost: its process died`)
  return { workers: onWorkers, runs: onRuns }
}

describe.each(storeKinds)('%s', (store) => {
  test('a worker process killed during a run: Workers and Runs show its loss and the worker that took over', async () => {
    const samples: { readonly workers: number; readonly runs: number }[] = []
    while (samples.length < kills) samples.push(await seenAfterKill(store))
    const most = (of: 'workers' | 'runs'): number => Math.round(Math.max(...samples.map((one) => one[of])))
    printEvidence({
      measure: 'from kill -9 of a worker to its loss and the take-over on the screen (goal: 3,000 ms)',
      ...{ store, kills, 'Workers, max ms': most('workers'), 'Runs, max ms': most('runs') },
    })
  })
})
