import { beforeAll, describe, expect, test } from 'vitest'
import { defineJob, SerializationError } from '../../../sdk/index.ts'
import { openFixture, rejection } from '../../support/fixture.ts'
import { fates } from '../model/value-fates.ts'

const patience = 60_000

describe('the stored result of a step', () => {
  const names = Object.keys(fates)
  const seen = new Map<string, unknown>()
  const bodies = new Map<string, number>()
  const failures = new Map<string, Error>()

  beforeAll(async () => {
    let close = (): void => undefined
    const shop = await openFixture({}, (atEnd) => {
      close = atEnd
    })
    const job = defineJob<{ name: string }, undefined>(
      { name: 'fates', retry: false },
      async ({ input, step }) => {
        const { name } = input
        const result = await step.run('value', () => {
          bodies.set(name, (bodies.get(name) ?? 0) + 1)
          return fates[name]?.value()
        })
        seen.set(name, result)
        return undefined
      },
    )
    await shop.work(job)
    const handles = await Promise.all(names.map((name) => shop.jobs.enqueue(job, { name })))
    for (const [i, name] of names.entries()) {
      const handle = handles[i]
      if (handle === undefined) continue
      if ('refused' in (fates[name] ?? {})) {
        failures.set(name, (await rejection(handle.result({ timeout: patience }))).cause as Error)
      } else await handle.result({ timeout: patience })
    }
    close()
  }, patience)

  test.each(names)('%s', (name) => {
    const fate = fates[name]
    expect(bodies.get(name)).toBe(1)
    if (fate === undefined) return
    if ('refused' in fate) {
      const failure = failures.get(name)
      const refusal = failure instanceof SerializationError ? failure : failure?.cause
      expect(refusal).toMatchObject({ code: 'SERIALIZATION', path: `result of step 'value'${fate.at}` })
    } else {
      expect(seen.get(name)).toStrictEqual(fate.becomes)
      fate.check?.(seen.get(name))
    }
  })
})
