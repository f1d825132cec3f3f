import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { Keys } from '../../runtime/store/redis/keys.ts'
import { scriptOf } from '../../runtime/store/redis/script.ts'
import type { Store } from '../../runtime/store/store.ts'
import type { StoreOpener } from '../../runtime/worker/worker.ts'
import type { RunHandle } from '../../sdk/index.ts'
import { FaultProxy, type Picks } from '../support/redis/fault-proxy.ts'
import { type RedisServer, sharedRedisServer } from '../support/redis/redis-server.ts'
import { Crew } from './crew.ts'

/** A claim requests half of so many slots (W1). */
const concurrency = 100
const half = concurrency / 2
/** The first claim and the two that are in flight bring runs that end at once; then come runs that keep their slots. */
const quickRuns = 3 * half
const heldRuns = 80
/** The free slots in the newest claim while runs are held; an older claim has another number. */
const freeBeside = concurrency - heldRuns

const { sha, source } = scriptOf('claim')

/** The claim with this number; without one, any that a worker makes. */
function claim(n?: number): Picks {
  return ([command, script, keys, ...rest]) =>
    command?.toUpperCase() === 'EVALSHA' &&
    script === sha &&
    (n === undefined || rest[Number(keys) + 2] === String(n))
}

/** The fate of claims 2 and 3, both in flight. */
interface Fault {
  readonly name: string
  readonly begin?: (proxy: FaultProxy) => void
  /** Resolves when the fault is over. `gaveUp`: the numbers of the claims whose calls failed. */
  readonly end?: (proxy: FaultProxy, gaveUp: readonly number[]) => Promise<void>
  /** Has both delivered once more at a moment; resolves to the replies to that. */
  readonly deliverLate?: (proxy: FaultProxy, moment: Promise<void>) => Promise<readonly unknown[]>
}

const busy = 'BUSY Redis is busy running a script'

const faults: readonly Fault[] = [
  { name: 'both replies are lost', begin: (proxy) => proxy.cutReplies(1, claim(2)) },
  { name: 'the reply to the later one is lost', begin: (proxy) => proxy.cutReplies(1, claim(3)) },
  { name: 'both replies are lost twice', begin: (proxy) => proxy.cutReplies(2, claim(2)) },
  {
    name: 'both replies are lost before an outage longer than a call’s timeout',
    begin: (proxy) => {
      proxy.cutReplies(1, claim(2))
      proxy.refuse()
    },
    end: async (proxy, gaveUp) => {
      await expect.poll(() => gaveUp).toEqual(expect.arrayContaining([2, 3]))
      proxy.accept()
    },
  },
  { name: 'neither arrives before a reconnect', begin: (proxy) => proxy.dropAll() },
  {
    name: 'the earlier one arrives after the later one, and their replies are swapped',
    begin: (proxy) => proxy.refuseCommand(busy, claim(2)),
  },
  {
    name: 'the earlier one arrives after the later one, whose reply is lost',
    begin: (proxy) => {
      proxy.refuseCommand(busy, claim(2))
      proxy.cutReplies(1, claim(3))
    },
  },
  {
    name: 'both replies are lost, and both arrive again after newer ones',
    deliverLate: (proxy, moment) => proxy.duplicate(moment, claim(2)),
  },
  {
    name: 'both are repeated over another connection before they arrive themselves, after newer ones',
    deliverLate: (proxy, moment) => proxy.holdBack(moment, claim(2)),
  },
]

// A server that has to be sent the source would reply to two requests.
beforeAll(async () => {
  await (await sharedRedisServer()).command('SCRIPT', 'LOAD', source)
})

// R13.
test.each(faults)(
  'two claims in flight, $name: every run is executed once',
  async ({ begin, end, deliverLate }) => {
    const server = await sharedRedisServer()
    const proxy = await FaultProxy.start(server.port)
    onTestFinished(() => proxy.close())
    const crew = await Crew.open(server.url)
    const quick = await enqueued(quickRuns, () => crew.client.enqueue(crew.jobs.chain, { steps: 0 }))
    const held = await enqueued(heldRuns, () => crew.client.enqueue(crew.jobs.held))
    const idle = () => idleSlots(server, crew)

    proxy.stallAt(claim(2))
    const gaveUp: number[] = []
    await crew.hire(proxy.url, { concurrency, open: (deps) => openedStore(deps, gaveUp) })
    await expect.poll(() => proxy.held(claim())).toBe(2)
    const late = Promise.withResolvers<void>()
    begin?.(proxy)
    const repliesToLate = deliverLate?.(proxy, late.promise)
    proxy.flow()
    await end?.(proxy, gaveUp)

    // Long before the worker and the store would compare the held runs (R14).
    await crew.bodyLog.times('start', 2 * heldRuns)
    await Promise.all(quick.map((handle) => handle.result({ timeout: '2m' })))
    await expect.poll(idle).toBe(freeBeside)
    expect(proxy.armed).toBe(0)
    late.resolve()
    // With the claims come others that were on their way behind them.
    if (repliesToLate !== undefined) expect((await repliesToLate).length).toBeGreaterThanOrEqual(2)
    expect(await idle()).toBe(freeBeside)

    crew.gate.open()
    await Promise.all(held.map((handle) => handle.result({ timeout: '2m' })))
    await expect.poll(idle).toBe(half)
    const all = [...quick, ...held].map(({ id }) => id)
    await expectOnceEach(crew, all)
  },
)

async function openedStore({ store, clock }: Parameters<StoreOpener>[0], gaveUp: number[]): Promise<Store> {
  // A late call brings its own time: a refusal for its time (SC2) would prove nothing about its number.
  const opened = await openStore(store, { clock, storeNow: Date.now })
  const claim = opened.claim.bind(opened)
  opened.claim = (lease, n, ...rest) =>
    claim(lease, n, ...rest).catch((error: unknown) => {
      gaveUp.push(n)
      throw error
    })
  return opened
}

async function enqueued<T>(
  count: number,
  enqueue: () => Promise<RunHandle<T>>,
): Promise<readonly RunHandle<T>[]> {
  return Promise.all(Array.from({ length: count }, enqueue))
}

/** How many runs the store thinks its one worker has room for. */
async function idleSlots(server: RedisServer, crew: Crew): Promise<number> {
  const [slots = 0] = (await server.command('HVALS', new Keys(crew.namespace).of('idle'))) as unknown[]
  return Number(slots)
}

/** One execution each, to the end, and none that the store had to report to the worker, or the worker handed back. */
async function expectOnceEach(crew: Crew, ids: readonly string[]): Promise<void> {
  expect(await crew.violations(ids)).toEqual([])
  const executions = crew.bodyLog.seen.filter(({ moment }) => moment === 'settled')
  expect(executions.map(({ run, outcome }) => `${run} ${outcome}`).toSorted()).toEqual(
    ids.map((id) => `${id} completed`).toSorted(),
  )
  const histories = await Promise.all(ids.map((id) => crew.client.inspector.history(id)))
  expect(histories.flat()).toEqual([])
}
