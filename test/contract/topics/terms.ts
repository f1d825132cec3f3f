import { expect } from 'vitest'
import { leaderRole } from '../../../runtime/store/terms.ts'
import type { Open } from '../../support/stores/store-under-test.ts'
import type { TestWorker } from '../../support/stores/test-worker.ts'
import { contractTest } from '../contract-test.ts'
import { hearsEach } from '../hears-each.ts'

const termMs = 15_000

function campaign(worker: TestWorker, role: string = leaderRole, after?: number) {
  return worker.store.campaign(role, worker.lease, termMs, after)
}

/** Campaigns and expects to lead; returns the term. */
async function elected(worker: TestWorker, role: string = leaderRole, after?: number): Promise<number> {
  const answer = await campaign(worker, role, after)
  if (answer.kind !== 'leading') throw new Error(`${worker.name} does not lead: ${answer.kind}`)
  return answer.term
}

/** Lets time pass while both workers renew their leases. */
async function pass(
  ms: number,
  workers: readonly TestWorker[],
  advance: (ms: number) => void,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += Math.min(3_000, ms - passed)) {
    advance(Math.min(3_000, ms - passed))
    for (const worker of workers) await worker.renew()
  }
}

export function termsContract(open: Open): void {
  contractTest(open, 'one worker leads, the others follow', async ({ store, worker, now, advance }) => {
    const [first, second] = [await worker(), await worker()]
    expect(await store.leaders()).toEqual([])
    const term = await elected(first)
    expect(term).toBe(now())
    advance(1_000)
    expect(await campaign(second)).toEqual({
      kind: 'following',
      leader: first.name,
      termLeftMs: termMs - 1_000,
      workers: 2,
    })
    const since = now() - 1_000
    expect(await store.leaders()).toEqual([
      { role: leaderRole, term, worker: first.name, since, termLeftMs: termMs - 1_000, duties: {} },
    ])
  })

  contractTest(open, 'a leader that campaigns again keeps the term', async ({ store, worker, advance }) => {
    const first = await worker()
    const term = await elected(first)
    advance(3_000)
    expect(await campaign(first)).toEqual({ kind: 'leading', term })
    expect(await store.leaders()).toMatchObject([{ term, termLeftMs: termMs }])
  })

  contractTest(open, 'a follower is notified early of a vacant role', async (contract) => {
    const { another, worker } = contract
    const elsewhere = await another()
    const ends = {
      resigned: (one: TestWorker, term: number) => one.store.resignTerm(leaderRole, term, one.lease),
      'gone with its lease': (one: TestWorker) => one.store.resign(one.lease, []),
    }
    await hearsEach(
      (listener) => elsewhere.onVacancy(listener),
      Object.values(ends).map((end) => async () => {
        const one = await worker()
        await end(one, await elected(one))
      }),
    )
  })

  contractTest(open, 'an unknown lease is refused', async ({ store, worker }) => {
    const first = await worker()
    expect(await store.campaign(leaderRole, 'nobody', termMs)).toEqual({ kind: 'lost' })
    await store.resign(first.lease, [])
    expect(await campaign(first)).toEqual({ kind: 'lost' })
    expect(await store.leaders()).toEqual([])
  })

  contractTest(open, 'an invalid role or duration is refused', async ({ store, worker }) => {
    const { lease } = await worker()
    for (const [role, ms] of [
      ['', termMs],
      ['leader', 0],
      ['leader', 1.5],
    ] as const) {
      await expect(store.campaign(role, lease, ms)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' })
    }
    expect(await store.leaders()).toEqual([])
  })

  contractTest(open, 'a renewed term lasts', async ({ store, worker, advance }) => {
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    for (let i = 0; i < 4; i++) {
      await pass(5_000, [first, second], advance)
      expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('held')
    }
    expect(await campaign(second)).toMatchObject({ kind: 'following', termLeftMs: termMs })
  })

  contractTest(open, 'a term expires; the next has a higher number', async (contract) => {
    const { store, worker, advance } = contract
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    await pass(termMs - 1, [first, second], advance)
    expect(await campaign(second)).toMatchObject({ kind: 'following', termLeftMs: 1 })
    const endsAt = contract.now() + 1
    await pass(1, [first, second], advance)
    expect(await store.leaders()).toEqual([
      { role: leaderRole, term, since: endsAt, termLeftMs: 0, duties: {} },
    ])
    expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('lost')
    const next = await elected(second)
    expect(next).toBeGreaterThan(term)
    expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('lost')
    await store.resignTerm(leaderRole, term, first.lease)
    expect(await store.leaders()).toMatchObject([{ term: next, worker: second.name, termLeftMs: termMs }])
  })

  contractTest(open, 'a term that was resigned is never used again', async ({ store, worker, now }) => {
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    await store.resignTerm(leaderRole, term, first.lease)
    expect(await store.leaders()).toEqual([
      { role: leaderRole, term, since: now(), termLeftMs: 0, duties: {} },
    ])
    // All in one millisecond: the number grows all the same.
    const next = await elected(second)
    expect(next).toBe(term + 1)
    await store.resignTerm(leaderRole, term, first.lease)
    expect(await store.renewTerm(leaderRole, next, second.lease, {})).toBe('held')
    await store.resignTerm(leaderRole, next, second.lease)
    await store.resignTerm(leaderRole, next, second.lease)
    expect(await elected(first, leaderRole, term)).toBe(term + 2)
    expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('lost')
  })

  contractTest(open, 'no worker renews or resigns the term of another', async ({ store, worker }) => {
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    expect(await store.renewTerm(leaderRole, term, second.lease, {})).toBe('lost')
    expect(await store.renewTerm(leaderRole, term + 1, first.lease, {})).toBe('lost')
    expect(await store.renewTerm('other', term, first.lease, {})).toBe('lost')
    await store.resignTerm(leaderRole, term, second.lease)
    await store.resignTerm(leaderRole, term - 1, first.lease)
    await store.resignTerm('other', term, first.lease)
    expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('held')
  })

  contractTest(open, 'the end of the leader’s lease ends its terms at once', async ({ store, worker }) => {
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    await elected(first, 'reports')
    await store.resign(first.lease, [])
    expect(await store.leaders()).toMatchObject([
      { role: leaderRole, term, termLeftMs: 0 },
      { role: 'reports', termLeftMs: 0 },
    ])
    expect(await elected(second)).toBeGreaterThan(term)
    expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('lost')
  })

  contractTest(open, 'a lost lease ends its terms at once, however long they are', async (contract) => {
    const { store, worker, letLeaseExpire } = contract
    const [first, second] = [await worker(), await worker()]
    const answer = await store.campaign(leaderRole, first.lease, 3_600_000)
    await letLeaseExpire(second)
    await second.claim()
    expect(await store.leaders()).toMatchObject([{ termLeftMs: 0 }])
    expect(await elected(second)).toBeGreaterThan(answer.kind === 'leading' ? answer.term : 0)
  })

  contractTest(open, 'time in which no worker could reach the store counts for terms', async (contract) => {
    const { store, worker, advance } = contract
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    advance(3_600_000)
    // The lease has its outage grace, the term has not: the same worker may lead again under the next number.
    expect(await first.renew()).toMatchObject({ kind: 'held' })
    expect(await store.renewTerm(leaderRole, term, first.lease, {})).toBe('lost')
    expect(await elected(second)).toBeGreaterThan(term)
  })

  contractTest(
    open,
    'numbers also grow when the store’s clock goes back',
    async ({ worker, store, advance }) => {
      const first = await worker()
      const term = await elected(first)
      await store.resignTerm(leaderRole, term, first.lease)
      advance(-3_600_000)
      expect(await elected(first, leaderRole, term)).toBe(term + 1)
    },
  )

  contractTest(
    open,
    'a campaign from before a resignation that arrives late takes nothing',
    async ({ store, worker }) => {
      const [first, second] = [await worker(), await worker()]
      const term = await elected(first)
      await store.resignTerm(leaderRole, term, first.lease)
      const before = await store.leaders()
      expect(await campaign(first)).toEqual({ kind: 'lost' })
      expect(await campaign(first, leaderRole, term - 1)).toEqual({ kind: 'lost' })
      expect(await store.leaders()).toEqual(before)
      const next = await elected(first, leaderRole, term)
      await store.resignTerm(leaderRole, next, first.lease)
      expect(await campaign(first, leaderRole, term)).toEqual({ kind: 'lost' })
      expect(await elected(second)).toBe(next + 1)
    },
  )

  contractTest(open, 'two roles are independent', async ({ store, worker }) => {
    const [first, second] = [await worker(), await worker()]
    const term = await elected(first)
    const reports = await elected(second, 'reports')
    expect(await campaign(first, 'reports')).toMatchObject({ kind: 'following', leader: second.name })
    await store.resignTerm(leaderRole, term, first.lease)
    expect(await store.renewTerm('reports', reports, second.lease, {})).toBe('held')
    expect((await store.leaders()).map(({ role, worker: leader }) => [role, leader])).toEqual([
      [leaderRole, undefined],
      ['reports', second.name],
    ])
  })

  contractTest(
    open,
    'a term shows how long ago each duty last succeeded',
    async ({ store, worker, advance }) => {
      const first = await worker()
      const term = await elected(first)
      await store.renewTerm(leaderRole, term, first.lease, { sweep: 400.4, cron: 20 })
      advance(100)
      expect(await store.leaders()).toMatchObject([{ duties: { sweep: 500, cron: 120 } }])
      await store.renewTerm(leaderRole, term, first.lease, { cron: 0 })
      expect(await store.leaders()).toMatchObject([{ duties: { cron: 0 } }])
      await store.resignTerm(leaderRole, term, first.lease)
      expect(await store.leaders()).toMatchObject([{ duties: {} }])
      await elected(first, leaderRole, term)
      expect(await store.leaders()).toMatchObject([{ duties: {} }])
    },
  )

  contractTest(open, 'doctor sees a leader whose duty is dead', async ({ store, worker, advance }) => {
    const first = await worker({ name: 'first' })
    const term = await elected(first)
    await store.renewTerm(leaderRole, term, first.lease, { sweep: 55_000, cron: 10 })
    const leader = async () => (await store.checks('quick')).find(({ name }) => name === 'leader')
    expect(await leader()).toMatchObject({ verdict: 'fine' })
    advance(5_001)
    expect(await leader()).toMatchObject({
      verdict: 'fault',
      found: expect.stringMatching(/^first leads 'leader', its duty 'sweep' /),
    })
  })

  contractTest(open, 'doctor sees workers without a leader', async ({ store, worker, advance }) => {
    const first = await worker()
    const leader = async () => (await store.checks('quick')).find(({ name }) => name === 'leader')
    await pass(30_000, [first], advance)
    expect(await leader()).toMatchObject({ verdict: 'fine' })
    await pass(1, [first], advance)
    expect(await leader()).toMatchObject({ verdict: 'warning' })
    await elected(first)
    expect(await leader()).toMatchObject({ verdict: 'fine' })
  })
}
