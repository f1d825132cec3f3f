import { setTimeout as wait } from 'node:timers/promises'
import {
  type Context,
  defineJob,
  type Job,
  type StepContext,
  type StepOptions,
} from '../../../../sdk/index.ts'
import type { BodyLog } from '../../fleet/body-log.ts'
import type { BoardSlot } from './story-board.ts'

interface Timed {
  /** How long each body takes. */
  readonly ms: number
}

interface Paged extends Timed {
  readonly pages: number
}

interface Sleeper extends Timed {
  readonly sleepMs: number
}

type Observe = <T>(
  path: string,
  body: (context: StepContext) => T | Promise<T>,
  options?: StepOptions<T>,
) => Promise<T>

/**
 * The jobs of a story. Each body and each go-ahead after a step leaves a line in the event log.
 * - `thumbnail`: one short step
 * - `import`: many steps, whose bodies give up when their task stops
 * - `charge`: needs protection (`protect`), and charges at most once
 * - `payout`: needs none until its at-most-once step
 * - `reminder`: sleeps for longer than a stop may take
 */
export function storyJobs(log: BodyLog) {
  return {
    thumbnail: defineJob<Timed, string>({ name: 'thumbnail' }, (context) =>
      observed(context, log)('resize', () => wait(context.input.ms, 'resized')),
    ),
    import: defineJob<Paged, number>({ name: 'import' }, async (context) => {
      const { pages, ms } = context.input
      const observe = observed(context, log)
      for (let page = 1; page <= pages; page++) {
        await observe(`page[${page}]`, ({ signal }) => wait(ms, page, { signal }))
      }
      return pages
    }),
    charge: defineJob<Timed, string>({ name: 'charge', protect: true }, (context) =>
      once(context, log, ['reserve', 'card', 'receipt']),
    ),
    payout: defineJob<Timed, string>({ name: 'payout' }, (context) =>
      once(context, log, ['prepare', 'transfer', 'book']),
    ),
    reminder: defineJob<Sleeper, string>({ name: 'reminder' }, async (context) => {
      const observe = observed(context, log)
      await observe('ask', () => wait(context.input.ms, 'asked'))
      await context.step.sleep('give them time', context.input.sleepMs)
      return observe('remind', () => wait(context.input.ms, 'reminded'))
    }),
  }
}

export type StoryJobs = ReturnType<typeof storyJobs>

/** All jobs of a worker. */
export function storyJobList(jobs: StoryJobs): readonly Job[] {
  return Object.values(jobs)
}

/** Paths of the steps that run at most once. */
export const oncePaths: ReadonlySet<string> = new Set(['card', 'transfer'])

/** Whether a worker's current work in a slot needs protection. */
export function needsProtection({ job, inside }: Pick<BoardSlot, 'job' | 'inside'>): boolean {
  return job === 'charge' || [...inside].some((path) => oncePaths.has(path))
}

async function once(
  context: Context<Timed>,
  log: BodyLog,
  [before, path, after]: readonly [string, string, string],
): Promise<string> {
  const observe = observed(context, log)
  const { ms } = context.input
  const onUnknown = (): string => {
    log.write('asked', { run: context.run.id, path })
    return 'looked up'
  }
  await observe(before, () => wait(Math.ceil(ms / 4), before))
  const result = await observe(path, () => wait(ms, path), { atMostOnce: true, onUnknown })
  await observe(after, () => wait(Math.ceil(ms / 4), after))
  return result
}

/** `step.run` with lines in the event log. A path with a key is written as it is stored: `name[key]`. */
function observed({ step, run }: Context<unknown>, log: BodyLog): Observe {
  return async (path, body, options) => {
    const [, name = path, key] = /^(.*)\[(.*)\]$/.exec(path) ?? []
    const watched = async (context: StepContext) => {
      const about = { run: run.id, path, attempt: context.attempt }
      log.write('start', about)
      try {
        return await body(context)
      } finally {
        log.write('end', about)
      }
    }
    const keyed = key === undefined ? options : ({ ...options, key } as typeof options)
    const result = await step.run(name, watched, keyed)
    log.write('released', { run: run.id, path })
    return result
  }
}
