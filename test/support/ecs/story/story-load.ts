import type { EnqueueResult, Jobs } from '../../../../sdk/index.ts'
import type { SeededRandom } from '../../seeded-random.ts'
import type { StoryJobs } from './story-jobs.ts'

/** How long the bodies of a story take. */
export interface StoryPace {
  /** Bodies of pages, and the fourth of an at-most-once body. */
  readonly bodyMs: number
  /** Longer than a stop may take. */
  readonly sleepMs: number
}

export type StoryHandle = Extract<EnqueueResult, { readonly handle: unknown }>['handle']

/** Enqueues `count` runs: of ten 4 thumbnails, 2 imports, 2 charges, a payout and a reminder, in random order of their lengths. */
export async function enqueueLoad(
  client: Jobs,
  jobs: StoryJobs,
  count: number,
  { bodyMs, sleepMs }: StoryPace,
  random: SeededRandom,
): Promise<readonly StoryHandle[]> {
  const part = (tenths: number): number => Math.max(1, Math.floor((count * tenths) / 10))
  const ms = (): number => random.between(Math.ceil(bodyMs / 2), bodyMs)
  const many = <T>(length: number, make: () => T): T[] => Array.from({ length }, make)
  const [imports, charges, payouts, reminders] = [part(2), part(2), part(1), part(1)]
  const thumbnails = Math.max(1, count - imports - charges - payouts - reminders)
  const results: readonly (readonly EnqueueResult[])[] = await Promise.all([
    client.enqueueMany(
      jobs.reminder,
      many(reminders, () => ({ ms: ms(), sleepMs })),
    ),
    client.enqueueMany(
      jobs.charge,
      many(charges, () => ({ ms: 4 * ms() })),
    ),
    client.enqueueMany(
      jobs.import,
      many(imports, () => ({ ms: ms(), pages: random.between(4, 8) })),
    ),
    client.enqueueMany(
      jobs.payout,
      many(payouts, () => ({ ms: 4 * ms() })),
    ),
    client.enqueueMany(
      jobs.thumbnail,
      many(thumbnails, () => ({ ms: Math.ceil(ms() / 2) })),
    ),
  ])
  return results.flat().map((result) => {
    if (result.outcome === 'rejected') throw result.error
    return result.handle
  })
}
