import { expect } from 'vitest'
import type { Begun } from './incident.ts'
import type { OpenSite } from './open-site.ts'

/** Runs the fix of an incident from docs/operating.md; its placeholders are filled in. */
export async function cure(
  [program, ...args]: readonly string[],
  site: OpenSite,
  begun: Begun,
): Promise<void> {
  if (program === 'redis-cli') {
    expect(args.slice(0, 2)).toEqual(['-p', String(site.server?.port)])
    await site.server?.command(...args.slice(2))
    return
  }
  expect(program).toBe('durable-jobs')
  const process = site.start(args, args.includes('--store') ? begun.store : site.store)
  if (args[0] === 'work') await process.said('worker started')
  else expect(await process.finished, args.join(' ')).toMatchObject({ code: 0, stderr: '' })
}
