import { describe, expect, test } from 'vitest'
import { defineJob, FatalError, type RunHandle } from '../../../sdk/index.ts'
import { type Fixture, failureOf, openFixture } from '../../support/fixture.ts'
import { bothStores } from '../../support/stores/both-stores.ts'

type Step = (name: string) => Promise<unknown>

/** Plays one run with code that `first` is, and after its failure and a retry with code that `then` is. */
async function change(
  shop: Fixture,
  first: (step: Step) => Promise<unknown>,
  then: (step: Step) => Promise<unknown>,
): Promise<RunHandle<unknown>> {
  let code = first
  const job = defineJob({ name: 'job' }, ({ step }) =>
    code((name) =>
      step.run(name, () => {
        if (name.startsWith('bad')) throw new FatalError(name)
      }),
    ),
  )
  await shop.work(job)
  const handle = await shop.jobs.enqueue(job)
  await failureOf(handle)
  code = then
  await handle.retry()
  return handle
}

async function orphansOf({ jobs }: Fixture, { id }: { readonly id: string }): Promise<string[]> {
  const { orphans = [] } = (await jobs.inspector.run(id)) ?? {}
  const entries = await jobs.inspector.journal(id, { after: 0, limit: 100 })
  return entries.filter(({ position }) => orphans.includes(position)).map(({ path }) => path)
}

async function call(step: Step, ...names: string[]): Promise<void> {
  for (const name of names) await step(name)
}

describe.each(bothStores)('stored steps that the code no longer calls, on %s', (_name, options) => {
  test('of a run that completes: all that it did not call, also at the end', async () => {
    const shop = await openFixture(await options())
    const handle = await change(
      shop,
      (step) => call(step, 'kept', 'removed', 'used', 'last', 'bad'),
      (step) => call(step, 'kept', 'used', 'added'),
    )
    await handle.result({ timeout: '2m' })
    expect(await orphansOf(shop, handle)).toEqual(['removed', 'last'])
    expect((await handle.explain()).sentences.at(-1)).toBe(
      "2 stored steps are no longer in the code, as of its last execution: 'removed', 'last'. " +
        'They are kept but not used.',
    )
  })

  test('of a run that fails: only those that it passed', async () => {
    const shop = await openFixture(await options())
    const handle = await change(
      shop,
      (step) => call(step, 'kept', 'removed', 'used', 'not reached', 'bad'),
      async (step) => {
        await call(step, 'kept', 'used')
        throw new FatalError('between the steps')
      },
    )
    await failureOf(handle)
    expect(await orphansOf(shop, handle)).toEqual(['removed'])
  })

  test('none if the code calls all stored steps', async () => {
    const shop = await openFixture(await options())
    const handle = await change(
      shop,
      (step) => call(step, 'a', 'b', 'bad'),
      (step) => Promise.all([step('b'), step('a')]),
    )
    await handle.result({ timeout: '2m' })
    expect((await shop.jobs.inspector.run(handle.id))?.orphans).toBeUndefined()
  })
})
