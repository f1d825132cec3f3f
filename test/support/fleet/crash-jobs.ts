import { setTimeout as wait } from 'node:timers/promises'
import { type Context, defineJob, type Job, type StepContext, type StepOptions } from '../../../sdk/index.ts'
import type { BodyLog } from './body-log.ts'
import { type Killer, kill } from './kill-point.ts'
import { limitedJobs } from './limited-jobs.ts'

/** The parts of a run of `mixed`, in sequence; the path of part i is `p<i>`. */
export type Part =
  | { readonly kind: 'step'; readonly ms: number }
  | { readonly kind: 'parallel'; readonly ms: readonly number[] }
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'once'; readonly ms: number }
  | { readonly kind: 'flaky'; readonly ms: number; readonly failures: number }

type Observed = <T>(
  path: string,
  body: (context: StepContext) => T | Promise<T>,
  options?: StepOptions<T>,
) => Promise<T>

/** The jobs of the crash tests. Each body and each go-ahead after a step leaves a line at the bodyLog. */
export function crashJobs(bodyLog: BodyLog, killer: Killer): ReturnType<typeof makeJobs> {
  return makeJobs({ bodyLog, killer })
}

interface Deps {
  readonly bodyLog: BodyLog
  readonly killer: Killer
}

/** `step.run`, recorded in the body log. A path with a key is written as it is stored: `name[key]`. */
function observed({ step, run }: Context<unknown>, { bodyLog, killer }: Deps): Observed {
  return async (path, body, options) => {
    const [, name = path, key] = /^(.*)\[(.*)\]$/.exec(path) ?? []
    const watched = async (context: StepContext) => {
      const about = { run: run.id, path, attempt: context.attempt }
      bodyLog.write('start', about)
      const isFree = killer.inBody(path, context.signal)
      context.signal.addEventListener('abort', () =>
        bodyLog.write('aborted', { ...about, note: String(context.signal.reason?.reason) }),
      )
      try {
        await isFree
        return await body(context)
      } finally {
        bodyLog.write('end', about)
      }
    }
    const keyed = key === undefined ? options : ({ ...options, key } as typeof options)
    try {
      return await step.run(name, watched, keyed)
    } finally {
      bodyLog.write('released', { run: run.id, path })
    }
  }
}

function makeJobs(deps: Deps) {
  return {
    ...plainJobs(deps),
    ...uniqueJobs(deps),
    ...waitingJobs(deps),
    ...onceJobs(deps),
    ...badJobs(deps),
    ...limitedJobs(deps.bodyLog),
  }
}

function plainJobs(deps: Deps) {
  const chain = defineJob<{ steps: number; ms: number }, number[]>({ name: 'chain' }, async (context) => {
    const observe = observed(context, deps)
    const pids: number[] = []
    for (let i = 1; i <= context.input.steps; i++) {
      pids.push(
        await observe(`s${i}`, async () => {
          await wait(context.input.ms)
          return process.pid
        }),
      )
    }
    deps.bodyLog.write('returned', { run: context.run.id })
    return pids
  })
  const mixed = defineJob<{ parts: readonly Part[] }, string[]>({ name: 'mixed' }, async (context) => {
    const results: string[] = []
    for (const [i, part] of context.input.parts.entries()) {
      results.push(...(await carryOut(part, `p${i}`, context, deps)))
    }
    deps.bodyLog.write('returned', { run: context.run.id })
    return results
  })
  return { chain, mixed }
}

async function carryOut(part: Part, path: string, context: Context<unknown>, deps: Deps): Promise<string[]> {
  const observe = observed(context, deps)
  const take = (own: string, ms: number) =>
    observe(own, async () => {
      await wait(ms)
      return own
    })
  switch (part.kind) {
    case 'step':
      return [await take(path, part.ms)]
    case 'parallel':
      return Promise.all(part.ms.map((ms, branch) => take(`${path}[${branch}]`, ms)))
    case 'sleep':
      await context.step.sleep(path, part.ms)
      return [path]
    case 'once':
      return [await observe(path, () => wait(part.ms, path), onceOptions(path, context, deps))]
    case 'flaky':
      return [await observe(path, (body) => flakily(path, body.attempt, part), flakyRetry)]
  }
}

const flakyRetry = { retry: { maxAttempts: 4, initialInterval: 20 } } as const

async function flakily(path: string, attempt: number, part: Part & { kind: 'flaky' }): Promise<string> {
  await wait(part.ms)
  if (attempt <= part.failures) throw new Error(`attempt ${attempt} of ${path} fails as planned`)
  return path
}

function onceOptions(path: string, { run }: Context<unknown>, { bodyLog }: Deps) {
  return {
    atMostOnce: true,
    onUnknown: () => {
      bodyLog.write('asked', { run: run.id, path })
      return `looked up ${path}`
    },
  } as const
}

function uniqueJobs(deps: Deps) {
  /** One live run per key. */
  const sole = defineJob<{ key: string; steps: number; ms: number }, number[]>(
    { name: 'sole', unique: { key: ({ key }) => key } },
    async (context) => {
      const observe = observed(context, deps)
      const pids: number[] = []
      for (let i = 1; i <= context.input.steps; i++) {
        pids.push(await observe(`s${i}`, () => wait(context.input.ms, process.pid)))
      }
      return pids
    },
  )
  return { sole }
}

function waitingJobs(deps: Deps) {
  /** Sleeps long enough to be suspended. */
  const nap = defineJob<{ ms: number }, number>({ name: 'nap' }, async (context) => {
    const observe = observed(context, deps)
    const before = await observe('before', () => Date.now())
    await context.step.sleep('nap', context.input.ms)
    return (await observe('after', () => Date.now())) - before
  })
  /** Its body runs until its signal aborts; the next one returns at once. */
  const held = defineJob<undefined, number>({ name: 'held' }, async (context) => {
    const observe = observed(context, deps)
    const pid = await observe('hold', async ({ signal }) => {
      if (isFirst(context, deps, 'hold')) await aborted(signal)
      return process.pid
    })
    await observe('next', () => process.pid)
    return pid
  })
  /** Its first body ends at once; the next one runs until the worker of the first has lost the run. */
  const duel = defineJob<undefined, number>({ name: 'duel' }, async (context) =>
    observed(context, deps)('fight', async () => {
      if (!isFirst(context, deps, 'fight')) {
        await deps.bodyLog.until(({ run, note }) => run === context.run.id && note === 'lost')
      }
      return process.pid
    }),
  )
  /** Its first body ignores its signal and never ends. */
  const stubborn = defineJob<undefined, number>({ name: 'stubborn' }, async (context) =>
    observed(context, deps)('hold', async () => {
      if (isFirst(context, deps, 'hold')) await new Promise(() => undefined)
      return process.pid
    }),
  )
  return { nap, held, duel, stubborn }
}

function isFirst({ run }: Context<unknown>, { bodyLog }: Deps, path: string): boolean {
  return bodyLog.count('start', run.id, path) === 1
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function onceJobs(deps: Deps) {
  const run = async (context: Context<{ ms: number }>, lookUp: boolean): Promise<string[]> => {
    const observe = observed(context, deps)
    const once = lookUp ? onceOptions('send', context, deps) : ({ atMostOnce: true } as const)
    return [
      await observe('before', () => 'before'),
      await observe('send', () => wait(context.input.ms, 'send'), once),
      await observe('after', () => 'after'),
    ]
  }
  return {
    lookedUp: defineJob<{ ms: number }, string[]>({ name: 'looked-up' }, (context) => run(context, true)),
    unknown: defineJob<{ ms: number }, string[]>({ name: 'unknown' }, (context) => run(context, false)),
  }
}

function badJobs(deps: Deps) {
  /** Waits until the test says so, then blocks its event loop. */
  const blocking = defineJob<{ ms: number }, number>({ name: 'blocking' }, async (context) => {
    const observe = observed(context, deps)
    await observe('wait', () => toldToGo(context, deps))
    return observe('block', () => {
      const end = performance.now() + context.input.ms
      while (performance.now() < end);
      return process.pid
    })
  })
  /** The same; its first body blocks until another process has taken the run over and started the step. */
  const choking = defineJob<undefined, number>({ name: 'choking' }, async (context) => {
    const observe = observed(context, deps)
    await observe('wait', () => toldToGo(context, deps))
    return observe('block', () => {
      while (isFirst(context, deps, 'block'));
      return process.pid
    })
  })
  /** One step that waits for its order, and then blocks the event loop until a second one. */
  const stuck = defineJob<undefined, number>({ name: 'stuck' }, async (context) =>
    observed(context, deps)('stuck', async () => {
      await toldToGo(context, deps)
      while (deps.bodyLog.count('go', context.run.id, '') < 2);
      return process.pid
    }),
  )
  const deadly = defineJob<undefined, void>({ name: 'deadly' }, async (context) =>
    observed(context, deps)('die', () => {
      kill(deps.bodyLog)
    }),
  )
  return { blocking, choking, stuck, deadly }
}

async function toldToGo({ run: { id } }: Context<unknown>, { bodyLog }: Deps): Promise<number> {
  await bodyLog.until(({ moment, run }) => moment === 'go' && run === id)
  return process.pid
}

/** All jobs of a worker. */
export function jobList(jobs: ReturnType<typeof crashJobs>): readonly Job[] {
  return Object.values(jobs)
}
