import { describe, expect } from 'vitest'
import { type Limiter, limits } from '../../../runtime/model/limiter.ts'
import { encodeSpec } from '../../../runtime/store/schedules.ts'
import { use } from '../../support/stores/limit-inputs.ts'
import { byHand, newRun, plainError, waiting } from '../../support/stores/store-inputs.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import { completed, TestWorker } from '../../support/stores/test-worker.ts'
import { type Contract, contractTest } from '../contract-test.ts'

const second = 1_000
const hour = 3_600_000
/** How long everything in here lasts. */
const lastsMs = 10 * second
/** The error that a store may have after small moves of its clock. */
const noticedMs = 500

/** Starts a period of 10 s. Returns a function that reports whether it is over. */
type Lasting = (contract: Contract, worker: TestWorker) => Promise<() => Promise<boolean>>

const day = { leaseMs: 24 * hour } as const
const claims = (worker: TestWorker) => async () => (await worker.claim(1)).length === 1

const rates = [
  limits.fixedWindow({ name: 'fixed', limit: 1, window: lastsMs }),
  limits.slidingWindow({ name: 'slides', limit: 1, window: lastsMs }),
  limits.tokenBucket({ name: 'tokens', capacity: 1, refill: 1, every: lastsMs }),
  limits.leakyBucket({ name: 'leaks', limit: 1, every: lastsMs }),
  limits.points({ name: 'spent', points: 1, every: lastsMs }),
] as const

function rate(limiter: Limiter): Lasting {
  return async ({ store, worker }) => {
    const own = await worker({ ...day, limiters: [{ name: limiter.name, rule: limiter.rule }] })
    await store.enqueue([1, 2].map(() => newRun({ limits: [use(limiter)] })))
    await own.claimOne()
    return claims(own)
  }
}

const lasting: Readonly<Record<string, Lasting>> = {
  'a delay': async ({ store }, worker) => {
    await store.enqueue([newRun({ start: { kind: 'in', ms: lastsMs } })])
    return claims(worker)
  },
  'a sleep': async ({ store }, worker) => {
    await store.enqueue([newRun()])
    const run = await worker.claimOne()
    await worker.append(run, waiting('nap', lastsMs))
    await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path: 'nap', position: 1 }] })
    return claims(worker)
  },
  "a run's retry pause": async ({ store }, worker) => {
    await store.enqueue([newRun()])
    const run = await worker.claimOne()
    await worker.settle(run, { kind: 'retrying', error: plainError, delayMs: lastsMs })
    return claims(worker)
  },
  "a waiting job's timeout": async ({ store }, worker) => {
    await store.enqueue([newRun({ timeoutMs: lastsMs })])
    const run = await worker.claimOne()
    await worker.append(run, waiting('nap', 2 * hour))
    await worker.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path: 'nap', position: 1 }] })
    return async () => (await worker.claim(1)).some(({ failsAs }) => failsAs === 'timed out')
  },
  'the expiry of a run that no worker takes': async ({ store }, worker) => {
    const run = newRun({ job: 'unknown', expiresInMs: lastsMs })
    await store.enqueue([run])
    return async () => {
      await worker.claim(1)
      return (await store.run(run.id))?.state === 'expired'
    }
  },
  'a unique window': async ({ store }) => {
    const run = () =>
      newRun({ unique: { key: 'k', until: { ms: lastsMs }, onDuplicate: 'reject' }, queue: 'other' })
    await store.enqueue([run()])
    return async () => (await store.enqueue([run()]))[0]?.outcome === 'created'
  },
  ...Object.fromEntries(rates.map((limiter) => [`a ${limiter.rule.kind}`, rate(limiter)])),
  'a lease': async ({ store, worker: register }, worker) => {
    await store.enqueue([newRun()])
    await (await register({ leaseMs: lastsMs })).claimOne()
    return claims(worker)
  },
  'a term': async ({ store, worker: register }, worker) => {
    await store.campaign('leader', (await register(day)).lease, lastsMs)
    return async () => (await store.campaign('leader', worker.lease, lastsMs)).kind === 'leading'
  },
  'a retention': async ({ store }, worker) => {
    await store.enqueue([newRun()])
    await worker.settle(await worker.claimOne(), completed)
    return async () => (await store.sweep(100)).pruned === 1
  },
}

/** The moves of the clock. `before` precedes the period; the rest takes 5 s in all. */
interface Moves {
  readonly before?: number
  readonly during: readonly number[]
}

const moves: Readonly<Record<string, Moves>> = {
  'the clock was ahead when it began, and is corrected': { before: hour, during: [0, -hour, 0, 0, 0] },
  'the clock is ahead for a while': { during: [0, hour, 0, -hour, 0] },
  'the clock is put back by an hour': { during: [0, -hour, 0, 0, 0] },
  'the clock is put back, and corrected again': { during: [0, -hour, 0, hour, 0] },
  'the clock moves often by a little': { during: [400, 400, 400, 400, 400] },
  'the clock is put back often by a little': { during: [-900, -100, -900, -100, -900] },
}

/** Passes time in which the store sees that all are well, by each of its connections. */
async function pass(contract: Contract, ms: number, workers: readonly TestWorker[]): Promise<void> {
  for (let passed = 0; passed < ms; passed += Math.min(500, ms - passed)) {
    contract.advance(Math.min(500, ms - passed))
    for (const worker of workers) await worker.renew()
  }
}

export function clockContract(open: Open): void {
  for (const [name, begin] of Object.entries(lasting)) {
    describe(name, () => {
      for (const [title, { before = 0, during }] of Object.entries(moves)) {
        contractTest(
          open,
          `lasts its usual time when ${title}`,
          async (contract) => {
            // Two processes see each move.
            const workers = [
              await contract.worker(day),
              await TestWorker.register(await contract.another(), { ...day, jobs: [] }),
            ]
            contract.moveClock(before)
            for (const each of workers) await each.renew()
            const isOver = await begin(contract, workers[0] as TestWorker)
            for (const ms of during) {
              contract.moveClock(ms)
              await pass(contract, second, workers)
              expect(await isOver()).toBe(false)
            }
            await pass(contract, lastsMs - during.length * second - noticedMs - 1, workers)
            expect(await isOver()).toBe(false)
            await pass(contract, 2 * noticedMs + 1, workers)
            expect(await isOver()).toBe(true)
          },
          { retention: { completed: lastsMs } },
        )
      }
    })
  }
  describe('instants', () => instants(open))
  describe('schedules', () => schedules(open))
  describe('numbers', () => numbers(open))
  describe('reports', () => told(open))
}

function instants(open: Open): void {
  contractTest(open, '`at` follows the clock ahead', async (contract) => {
    const { store, worker, now, moveClock } = contract
    const first = await worker(day)
    const at = now() + hour
    const run = newRun({ start: { kind: 'at', at }, expiresInMs: lastsMs })
    await store.enqueue([run])
    moveClock(hour - second)
    expect(await first.claimReply()).toMatchObject({ runs: [], nextDueInMs: second })
    expect(await store.run(run.id)).toMatchObject({ state: 'scheduled', dueAt: at })
    await pass(contract, second, [first])
    expect(await first.claimOne()).toMatchObject({ id: run.id })
  })

  contractTest(open, '`at` follows the clock back, and its expiry moves with it', async (contract) => {
    const { store, worker, now, moveClock } = contract
    const first = await worker(day)
    const at = now() + lastsMs
    const [taken, missed] = [1, 2].map((priority) =>
      newRun({ start: { kind: 'at', at }, expiresInMs: lastsMs, priority }),
    )
    if (taken === undefined || missed === undefined) throw new Error('two runs were made')
    await store.enqueue([taken, missed])
    moveClock(-hour)
    await pass(contract, lastsMs, [first])
    expect(await first.claim()).toEqual([])
    expect(await store.run(taken.id)).toMatchObject({ state: 'scheduled', dueAt: at })
    contract.advance(hour)
    expect((await first.claim(1)).map(({ id }) => id)).toEqual([missed.id])
    contract.advance(lastsMs - 1)
    await first.claim(0)
    expect(await store.run(taken.id)).toMatchObject({ state: 'ready' })
    contract.advance(1)
    await first.claim(0)
    expect(await store.run(taken.id)).toMatchObject({ state: 'expired' })
  })

  contractTest(open, '`at` before the current time means now', async (contract) => {
    const { store, worker, now, moveClock } = contract
    const first = await worker(day)
    moveClock(hour)
    await first.renew()
    await store.enqueue([newRun({ start: { kind: 'at', at: now() } })])
    await first.claimOne()
    await store.enqueue([newRun({ start: { kind: 'at', at: now() + second } })])
    expect(await first.claim()).toEqual([])
    await pass(contract, second, [first])
    await first.claimOne()
  })

  contractTest(
    open,
    'a run that waits for an instant can be cancelled, and needs no repair',
    async (contract) => {
      const { store, worker, now, moveClock } = contract
      const first = await worker(day)
      const run = newRun({ start: { kind: 'at', at: now() + hour } })
      await store.enqueue([run])
      expect(await store.sweep(100)).toMatchObject({ repaired: [] })
      expect(await store.cancel(run.id, byHand())).toEqual({ state: 'cancelled' })
      moveClock(2 * hour)
      expect(await first.claim()).toEqual([])
    },
  )

  contractTest(
    open,
    'a unique key is free after an instant and the expiry that follows it',
    async (contract) => {
      const { store, worker, now, moveClock } = contract
      const first = await worker(day)
      const start = { kind: 'at', at: now() + hour } as const
      const unique = { key: 'k', until: 'finished', onDuplicate: 'reject' } as const
      const run = newRun({ start, expiresInMs: lastsMs, unique })
      await store.enqueue([run])
      moveClock(-hour)
      await pass(contract, 2 * lastsMs, [first])
      expect(await store.holder('job', 'k')).toBe(run.id)
      contract.advance(2 * hour - lastsMs)
      expect(await store.holder('job', 'k')).toBeUndefined()
    },
  )
}

const spec = (() => {
  const { id: _, start: __, ...run } = newRun()
  const policy = { missed: 'one', cap: 100, overlap: 'allow' } as const
  return { cron: '* * * * *', timeZone: 'UTC', jitterMs: 0, ...policy, run }
})()
const minute = 60 * second

/** A leader that fires a schedule of every minute on each call. */
async function cron(contract: Contract) {
  const { store, now } = contract
  const leader = await contract.worker(day)
  const elected = await store.campaign('leader', leader.lease, 24 * hour)
  if (elected.kind !== 'leading') throw new Error('another worker leads')
  await store.putSchedule('minutely', spec, byHand())
  const fire = async (): Promise<readonly string[]> => {
    const { schedules: due } = await store.dueSchedules(10)
    const [schedule] = due
    if (schedule === undefined) return []
    const common = { schedule: 'minutely', revision: schedule.revision, fence: elected.term }
    const planned = (tick: number) => ({ tick, dueAt: tick })
    const first = schedule.nextTick ?? (Math.floor(schedule.since / minute) + 1) * minute
    if (schedule.nextTick === undefined) {
      await store.fire({ ...common, move: { kind: 'plan', next: planned(first) } })
    }
    if (first > now()) return []
    const run = newRun({ id: `minutely-${first}`, scheduledFor: first })
    const tick = { tick: first, dueAt: first, caughtUp: false, overlap: 'allow', cap: 100, run } as const
    const next = planned((Math.floor(now() / minute) + 1) * minute)
    const answer = await store.fire({ ...common, move: { kind: 'run', ...tick, next } })
    return [answer.kind === 'done' ? answer.outcome : answer.kind]
  }
  const pastMinute = async () => {
    await pass(contract, minute, [leader])
    return fire()
  }
  await fire()
  return { leader, fire, pastMinute }
}

function schedules(open: Open): void {
  contractTest(open, 'fires on once a clock that was ahead is corrected', async (contract) => {
    const { store, moveClock, now } = contract
    const { pastMinute, fire } = await cron(contract)
    expect(await pastMinute()).toEqual(['fired'])
    moveClock(hour)
    expect(await fire()).toEqual(['late'])
    expect(await pastMinute()).toEqual(['fired'])
    moveClock(-hour)
    await fire()
    const [schedule] = await store.schedules()
    expect(schedule).toMatchObject({ nextTick: now() + minute, overdueMs: 0 })
    expect(await pastMinute()).toEqual(['fired'])
    expect(await pastMinute()).toEqual(['fired'])
  })

  contractTest(
    open,
    'fires no tick twice when the clock is put back before it',
    async (contract) => {
      const { store, moveClock } = contract
      const { pastMinute, leader } = await cron(contract)
      expect([await pastMinute(), await pastMinute(), await pastMinute()].flat()).toEqual(
        Array(3).fill('fired'),
      )
      for (const run of await leader.claim()) await leader.settle(run, completed)
      await store.sweep(100)
      moveClock(-3 * minute)
      const again = [
        await pastMinute(),
        await pastMinute(),
        await pastMinute(),
        await pastMinute(),
        await pastMinute(),
      ]
      expect(again.flat().slice(-2)).toEqual(['fired', 'fired'])
      const lines = await store.ledger('minutely', { limit: 100 })
      const fired = lines.filter(({ outcome }) => outcome === 'fired').map(({ tick }) => tick)
      expect(new Set(fired).size).toBe(fired.length)
      const skipped = lines.filter(({ outcome }) => outcome === 'skipped')
      expect(skipped.length).toBeGreaterThan(0)
      for (const line of skipped)
        expect(line).toMatchObject({ why: 'duplicate', other: `minutely-${line.tick}` })
    },
    { retention: { completed: second } },
  )

  contractTest(open, 'a plan made before the clock was put back is not applied', async (contract) => {
    const { store, worker, now, moveClock } = contract
    const leader = await worker(day)
    const elected = await store.campaign('leader', leader.lease, 24 * hour)
    if (elected.kind !== 'leading') throw new Error('another worker leads')
    await store.putSchedule('minutely', spec, byHand())
    const { schedules: due } = await store.dueSchedules(1)
    const move = { kind: 'plan', next: { tick: now() + minute, dueAt: now() + minute } } as const
    const request = { schedule: 'minutely', revision: due[0]?.revision ?? 0, fence: elected.term, move }
    moveClock(-hour)
    expect(await store.fire(request)).toEqual({ kind: 'moved' })
    expect((await store.dueSchedules(1)).schedules).toMatchObject([{ since: now() }])
  })

  contractTest(open, 'a dropped schedule stays dropped when the clock is put back', async (contract) => {
    const { store, worker, moveClock, advance } = contract
    const { digest, bytes } = encodeSpec('minutely', spec)
    const named = { kind: 'schedule', name: 'minutely' } as const
    await worker({ ...day, definitions: [{ ...named, digest, definition: bytes }] })
    advance(second)
    await worker({ ...day, definitions: [{ ...named, digest: 'none', definition: new Uint8Array() }] })
    expect(await store.schedules()).toMatchObject([{ dropped: {} }])
    moveClock(-hour)
    expect((await store.dueSchedules(1)).schedules).toEqual([])
  })

  contractTest(open, 'a due tick stays due when the clock is put back a little', async (contract) => {
    const { store, moveClock, advance } = contract
    const { fire } = await cron(contract)
    const next = (await store.schedules())[0]?.nextTick
    advance(minute + 10 * second)
    moveClock(-5 * second)
    await store.dueSchedules(10)
    expect((await store.schedules())[0]?.nextTick).toBe(next)
    expect(await fire()).toEqual(['late'])
  })
}

function numbers(open: Open): void {
  contractTest(open, 'fences and terms only grow', async ({ store, worker, moveClock }) => {
    const [first, other] = [await worker(day), await worker(day)]
    await store.enqueue([newRun()])
    let fence = 0
    let term = 0
    for (const ms of [0, hour, -2 * hour, hour, -400]) {
      moveClock(ms)
      const run = await first.claimOne()
      expect(run.fence).toBeGreaterThan(fence)
      fence = run.fence
      await first.settle(run, { kind: 'released' })
      const elected = await store.campaign('role', other.lease, hour, term)
      if (elected.kind !== 'leading') throw new Error('nobody else leads')
      expect(elected.term).toBeGreaterThan(term)
      term = elected.term
      await store.resignTerm('role', term, other.lease)
    }
  })

  contractTest(open, 'a move of the clock ends no lease and loses no run', async (contract) => {
    const { store, worker, moveClock, advance } = contract
    const [first, other] = [await worker(), await worker()]
    await store.enqueue([newRun()])
    const run = await first.claimOne()
    for (const ms of [hour, -hour, -hour, hour, 24 * hour]) {
      moveClock(ms)
      expect(await other.claim()).toEqual([])
      advance(second)
      for (const each of [other, first]) expect(await each.renew()).toMatchObject({ kind: 'held' })
    }
    expect(await first.settle(run, completed)).toMatchObject({ kind: 'settled' })
    expect(await store.run(run.id)).toMatchObject({ losses: 0 })
  })
}

function told(open: Open): void {
  contractTest(open, 'two moves are two, even without a call in between', async (contract) => {
    const { store, worker, moveClock } = contract
    const first = await worker(day)
    await store.enqueue([newRun({ start: { kind: 'in', ms: lastsMs } })])
    moveClock(hour)
    await first.renew()
    moveClock(-hour)
    await pass(contract, lastsMs - 1, [first])
    expect(await first.claim()).toEqual([])
    await pass(contract, 1, [first])
    expect(await first.claim()).toHaveLength(1)
  })

  contractTest(
    open,
    'a move that all clients see at once is one',
    async ({ store, worker, another, moveClock }) => {
      const workers = [await worker(day)]
      for (let i = 0; i < 4; i++) workers.push(await TestWorker.register(await another(), day))
      moveClock(hour)
      await Promise.all(workers.map((each) => each.renew()))
      const jumps = (await store.checks('quick')).find(({ name }) => name === 'clock jumps')
      expect(jumps?.found).toMatch(/^jumped ahead by 1 h 0 min at [^,]*$/)
    },
  )

  contractTest(
    open,
    'doctor says when and by how much the clock moved, once for all clients that saw it',
    async (contract) => {
      const { store, worker, another, now, moveClock } = contract
      const workers = [await worker(day), await TestWorker.register(await another(), day)]
      const clock = async () => (await store.checks('quick')).find(({ name }) => name === 'clock jumps')
      expect(await clock()).toEqual({ name: 'clock jumps', verdict: 'fine', found: 'none' })
      moveClock(hour)
      for (const each of workers) await each.renew()
      const at = new Date(now()).toISOString()
      expect(await clock()).toMatchObject({ verdict: 'warning', found: `jumped ahead by 1 h 0 min at ${at}` })
      await pass(contract, second, workers)
      moveClock(-90 * second)
      for (const each of workers) await each.renew()
      const found = `jumped back by 1 min 30 s at ${new Date(now()).toISOString()}, the last of 2 jumps within a day`
      expect(await clock()).toMatchObject({ verdict: 'warning', found })
      await pass(contract, second, workers)
      contract.advance(25 * hour)
      expect(await clock()).toMatchObject({ verdict: 'fine' })
    },
  )

  contractTest(open, 'times are shown by the current clock', async (contract) => {
    const { store, worker, now, moveClock, advance } = contract
    const first = await worker(day)
    await store.enqueue([newRun(), newRun({ start: { kind: 'in', ms: lastsMs } })])
    advance(second)
    const run = await first.claimOne()
    await first.append(run, waiting('nap', lastsMs))
    await first.settle(run, { kind: 'waiting', waits: [{ kind: 'time', path: 'nap', position: 1 }] })
    await store.cancel(run.id, byHand())
    moveClock(hour)
    await pass(contract, second, [first])
    const seen = now() - second
    expect(await store.run(run.id)).toMatchObject({
      ...{ enqueuedAt: seen - second, startedAt: seen, changedAt: seen, endedAt: seen },
    })
    expect(await store.history(run.id)).toMatchObject([{ kind: 'cancel', at: seen }])
    expect((await store.events({ limit: 1 })).events[0]?.at).toBe(seen)
    expect((await store.journal(run.id, { after: 0, limit: 1 }))[0]?.at).toBe(seen)
    expect((await store.workers())[0]?.startedAt).toBe(seen - second)
    const [later] = (await store.runs({ limit: 1 })).runs
    expect(later).toMatchObject({ state: 'scheduled', dueAt: seen - second + lastsMs })
  })
}
