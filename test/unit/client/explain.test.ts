import { describe, expect, test } from 'vitest'
import { explainRun } from '../../../runtime/describe/explain-run.ts'
import type { Inspector } from '../../../runtime/store/store.ts'
import { defineJob, limits } from '../../../sdk/index.ts'
import { gate, openFixture } from '../../support/fixture.ts'

const clock = String.raw`\d{2}:\d{2}:\d{2} UTC`

describe('explain', () => {
  test('a run that no worker takes: no worker, no such job, an older version, another queue', async () => {
    const { jobs, work } = await openFixture()
    const job = defineJob({ name: 'job', version: 2, queue: 'mails' }, () => 1)
    const handle = await jobs.enqueue(job)
    expect(await handle.explain()).toEqual({
      id: handle.id,
      state: 'ready',
      sentences: ['No worker is running.'],
    })
    await work(defineJob({ name: 'other' }, () => 1))
    expect((await handle.explain()).sentences).toEqual(["No live worker knows job 'job'."])
    await work(defineJob({ name: 'job', version: 1 }, () => 1))
    expect((await handle.explain()).sentences).toEqual([
      "No live worker has version 2 of job 'job' or a newer one.",
    ])
    await work(job, { queues: ['default'] })
    expect((await handle.explain()).sentences).toEqual([
      "No live worker that knows job 'job' serves queue 'mails'.",
    ])
  })

  test('a paused queue: by whom, why and since when', async () => {
    const { jobs, work } = await openFixture()
    const job = defineJob({ name: 'job', queue: 'mails' }, () => 1)
    await jobs.pauseQueue('mails', { by: 'ana', reason: 'the provider is down' })
    await work(job)
    const handle = await jobs.enqueue(job)
    const { sentences } = await handle.explain()
    expect(sentences[0]).toMatch(
      new RegExp(`^Queue 'mails' has been paused by ana \\(the provider is down\\) since ${clock}\\.$`),
    )
  })

  test('a run on a waitlist: the limiter, who holds it, how many runs are ahead', async () => {
    const { jobs, work } = await openFixture()
    const { opened, open } = gate()
    const one = limits.concurrency({ name: 'one', max: 1 })
    const job = defineJob({ name: 'job', limits: [one] }, () => opened)
    await work(job)
    const holder = await jobs.enqueue(job)
    await expect.poll(() => holder.status()).toMatchObject({ state: 'running' })
    const [, third] = [await jobs.enqueue(job), await jobs.enqueue(job)]
    expect(await third.explain()).toMatchObject({
      state: 'waiting',
      sentences: [
        `It waits for limiter 'one': 1 of 1 in use, held by run ${holder.id}; 1 run is ahead of it.`,
      ],
    })
    expect((await holder.explain()).sentences[0]).toMatch(/^It has been running on \S+ for [^(]+ \(since \d/)
    open()
    await third.result({ timeout: '2m' })
  })

  test('a rate says when it opens', async () => {
    const { jobs, work } = await openFixture()
    const hourly = limits.slidingWindow({ name: 'hourly', limit: 1, window: '1h' })
    const job = defineJob<{ key: string }>(
      { name: 'job', limits: [{ limiter: hourly, key: ({ key }) => key }] },
      () => 1,
    )
    await work(job)
    await (await jobs.enqueue(job, { key: 'a' })).result({ timeout: '2m' })
    const late = await jobs.enqueue(job, { key: 'a' })
    expect((await late.explain()).sentences[0]).toMatch(
      new RegExp(
        `^It waits for limiter 'hourly' of key 'a': 1 of 1 in use until (\\S+ )?${clock}; it is first on the waitlist\\.$`,
      ),
    )
  })

  test('scheduled, retried, failed, cancelled, unknown', async () => {
    const { jobs, work } = await openFixture()
    const job = defineJob<{ fails: boolean }>({ name: 'job', retry: false }, ({ input }) => {
      if (input.fails) throw new Error('broken')
    })
    const later = await jobs.enqueue(job, { fails: false }, { delay: '1h' })
    expect((await later.explain()).sentences[0]).toMatch(/^It is due in (1 h|59 m)/)
    await later.cancel({ by: 'ana', reason: 'not needed' })
    expect((await later.explain()).sentences[0]).toMatch(/^It was cancelled by ana \(not needed\), /)
    await work(job)
    const bad = await jobs.enqueue(job, { fails: true })
    await bad.result({ timeout: '2m' }).catch(() => undefined)
    expect((await bad.explain()).sentences).toEqual([
      expect.stringMatching(/^It failed .* ago, at .* UTC: broken\.$/),
      `To continue it from its stored steps: durable-jobs retry ${bad.id}.`,
    ])
    expect(await jobs.explain('none')).toMatchObject({ state: 'unknown' })
  })
})

test('a run that was lost twice says which workers may claim it', async () => {
  const { jobs } = await openFixture()
  const handle = await jobs.enqueue(defineJob({ name: 'heavy' }, () => 1))
  const run = await jobs.inspector.run(handle.id)
  const free = { name: 'heavy', version: 1, queue: 'default', digest: '' }
  const facts = {
    run: async () => ({ ...run, losses: 3, lossStreak: 2 }),
    queues: async () => [],
    workers: async () => [{ lost: false, draining: false, concurrency: 10, running: 1, jobs: [free] }],
    history: async () => [],
  }
  const { sentences } = await explainRun(facts as unknown as Inspector, handle.id, Date.now())
  expect(sentences).toEqual([
    expect.stringMatching(
      /^It was lost 2 times in a row\..* only a worker that holds no other such run takes it/,
    ),
    'It has lost 3 workers so far: 2 of the 5 losses in a row without a new step that fail it as poisoned.',
  ])
  const entries = [
    { kind: 'explained', worker: 'w1', reason: 'out of memory' },
    { kind: 'explained', worker: 'w2', reason: 'stopped by a deployment' },
    { kind: 'lost', worker: 'w3' },
  ]
  const known = { ...facts, history: async () => entries }
  expect((await explainRun(known as unknown as Inspector, handle.id, 0)).sentences.at(-1)).toBe(
    'The end of its worker w2 is explained: stopped by a deployment.',
  )
  const { startedAt: _, ...rest } = { startedAt: 0, ...run }
  const waiting = {
    ...rest,
    state: 'waiting',
    waitingFor: { kind: 'retry', until: 5_000 },
    losses: 4,
    lossStreak: 4,
  }
  const pauses = { ...facts, run: async () => waiting, linePlaces: async () => [] }
  expect((await explainRun(pauses as unknown as Inspector, handle.id, 1_000)).sentences).toEqual([
    expect.stringMatching(
      /^It pauses because its worker was lost; its next attempt is due in 4\.0 s, at .*\.$/,
    ),
    'It has lost 4 workers so far: 4 of the 5 losses in a row without a new step that fail it as poisoned.',
  ])
  const last = { ...pauses, run: async () => ({ ...waiting, losses: 5, lossStreak: 5 }) }
  expect((await explainRun(last as unknown as Inspector, handle.id, 1_000)).sentences).toEqual([
    expect.stringMatching(
      /and has no attempt left: its next claim, which fails it as poisoned, is due in 4\.0 s/,
    ),
    expect.stringMatching(/^It has lost 5 workers so far: 5 of the 5 losses/),
  ])
  const error = { name: 'StepTimeoutError', message: 'too long' }
  const timedOut = { ...pauses, run: async () => ({ ...waiting, losses: 0, lossStreak: undefined, error }) }
  expect((await explainRun(timedOut as unknown as Inspector, handle.id, 1_000)).sentences).toEqual([
    expect.stringMatching(/^Its next try is due in 4\.0 s/),
    'Its last attempt failed: too long.',
    'A body that ignores its signal gets a few seconds to end before the step continues.',
  ])
})
