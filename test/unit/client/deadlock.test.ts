import { describe, expect, test } from 'vitest'
import { nextStep } from '../../../runtime/describe/next-step.ts'
import { defineJob, limits } from '../../../sdk/index.ts'
import { gate, openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

const patient = { timeout: 120_000 }

describe.each(bothStores)('runs that wait for each other’s limiters: %s', (store, options) => {
  test('explain, doctor and a log line name them; cancelling one lets the other continue', async () => {
    const { jobs, work, lines } = await openFixture(await options())
    const [x, y] = ['x', 'y'].map((name) => limits.concurrency({ name, max: 1 }))
    if (x === undefined || y === undefined) expect.unreachable('two limiters')
    const { opened, open } = gate()
    const crossing = (name: string, limiter: typeof x, other: typeof x) =>
      defineJob({ name, limits: [{ limiter, hold: 'run' }] }, async ({ step }) => {
        await step.run('begin', () => opened)
        return step.run('cross', () => 'crossed', { limits: [other] })
      })
    const [one, two] = [crossing('one', x, y), crossing('two', y, x)]
    await work([one, two])
    const first = await jobs.enqueue(one, undefined, { id: 'first' })
    const second = await jobs.enqueue(two, undefined, { id: 'second' })
    for (const handle of [first, second])
      await expect.poll(() => handle.status(), patient).toMatchObject({ state: 'running' })
    const behind = await jobs.enqueue(one)
    expect((await behind.explain()).sentences.join(' ')).not.toMatch('deadlock')
    open()
    for (const handle of [first, second])
      await expect.poll(() => handle.status(), patient).toMatchObject({ state: 'waiting' })

    const text = `2 runs wait for each other's limiters and can't go on: run ${first.id} holds 'x' and waits for 'y' in step 'cross', run ${second.id} holds 'y' and waits for 'x' in step 'cross'`
    const remedy =
      `cancel a run of the deadlock (durable-jobs cancel ${first.id}) and check again: where several hold one key, more than ` +
      'one may have to go; to prevent it, let all jobs take these limiters in one order (docs/flow-control.md)'
    for (const handle of [first, second]) {
      const { sentences } = await handle.explain()
      expect(sentences[0]).toMatch(/^Step 'cross' waits for limiter '[xy]': 1 of 1 in use, held by run /)
      expect(sentences.slice(1)).toEqual([`It is in a deadlock: ${text}.`, `To end it, ${remedy}.`])
    }
    expect((await behind.explain()).sentences.slice(1)).toEqual([
      `It waits behind a deadlock: ${text}.`,
      `To end it, ${remedy}.`,
    ])
    const stuck = await jobs.inspector.run(first.id)
    expect(stuck && (await nextStep(stuck, jobs.inspector, {}))).toMatch(
      /^it is held up by a deadlock: .*explain/,
    )
    expect(await jobs.inspector.checks()).toContainEqual({
      ...{ name: 'deadlocks', verdict: 'fault', found: text, remedy },
    })
    // The duty runs the check above on the store every 20 s: waiting for one of the two shows that workers have it.
    if (store === 'embedded') {
      const warned = () => lines.filter(({ level }) => level === 'warn')
      await expect.poll(warned, patient).toEqual([
        {
          level: 'warn',
          fields: expect.objectContaining({ runs: [first.id, second.id], limiters: ['y', 'x'] }),
          message: `${text}; ${remedy}`,
        },
      ])
    }

    // On a busy machine the reservation of 'x' for the second run may lapse: this one would take it and wait for 'y' itself.
    await behind.cancel()
    await first.cancel()
    expect(await second.result({ timeout: '2m' })).toBe('crossed')
    const later = await jobs.enqueue(one)
    expect(await later.result({ timeout: '2m' })).toBe('crossed')
    expect(await jobs.inspector.checks()).toContainEqual({
      name: 'deadlocks',
      verdict: 'fine',
      found: 'none',
    })
  })
})
