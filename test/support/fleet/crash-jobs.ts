import { setTimeout as wait } from 'node:timers/promises'
import { type Context, defineJob, type Job, type StepContext, type StepOptions } from '../../../sdk/index.ts'
import { type Killer, kill } from './kill-point.ts'
import { limitedJobs } from './limited-jobs.ts'
import type { Witness } from './witness.ts'

/** What a run of `mixed` does, one after the other; the path of part i is `p<i>`. */
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

/** The jobs of the crash tests. Each body and each go-ahead after a step leaves a line at the witness. */
export function crashJobs(witness: Witness, killer: Killer): ReturnType<typeof makeJobs> {
  return makeJobs({ witness, killer })
}

interface Seams {
  readonly witness: Witness
  readonly killer: Killer
}

/** `step.run` under the witness's eyes. A path with a key is written as it is stored: `name[key]`. */
function observed({ step, run }: Context<unknown>, { witness, killer }: Seams): Observed {
  return async (path, body, options) => {
    const [, name = path, key] = /^(.*)\[(.*)\]$/.exec(path) ?? []
    const watched = async (context: StepContext) => {
      const about = { run: run.id, path, attempt: context.attempt }
      witness.write('start', about)
      killer.inBody(path, context.signal)
      context.signal.addEventListener('abort', () =>
        witness.write('aborted', { ...about, note: String(context.signal.reason?.reason) }),
      )
      try {
        return await body(context)
      } finally {
        witness.write('end', about)
      }
    }
    const keyed = key === undefined ? options : ({ ...options, key } as typeof options)
    try {
      return await step.run(name, watched, keyed)
    } finally {
      witness.write('released', { run: run.id, path })
    }
  }
}

function makeJobs(seams: Seams) {
  return {
    ...plainJobs(seams),
    ...uniqueJobs(seams),
    ...waitingJobs(seams),
    ...onceJobs(seams),
    ...badJobs(seams),
    ...limitedJobs(seams.witness),
  }
}

function plainJobs(seams: Seams) {
  const chain = defineJob<{ steps: number; ms: number }, number[]>({ name: 'chain' }, async (context) => {
    const observe = observed(context, seams)
    const pids: number[] = []
    for (let i = 1; i <= context.input.steps; i++) {
      pids.push(
        await observe(`s${i}`, async () => {
          await wait(context.input.ms)
          return process.pid
        }),
      )
    }
    seams.witness.write('returned', { run: context.run.id })
    return pids
  })
  const mixed = defineJob<{ parts: readonly Part[] }, string[]>({ name: 'mixed' }, async (context) => {
    const results: string[] = []
    for (const [i, part] of context.input.parts.entries()) {
      results.push(...(await carryOut(part, `p${i}`, context, seams)))
    }
    seams.witness.write('returned', { run: context.run.id })
    return results
  })
  return { chain, mixed }
}

async function carryOut(
  part: Part,
  path: string,
  context: Context<unknown>,
  seams: Seams,
): Promise<string[]> {
  const observe = observed(context, seams)
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
      return [await observe(path, () => wait(part.ms, path), onceOptions(path, context, seams))]
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

function onceOptions(path: string, { run }: Context<unknown>, { witness }: Seams) {
  return {
    atMostOnce: true,
    onUnknown: () => {
      witness.write('asked', { run: run.id, path })
      return `looked up ${path}`
    },
  } as const
}

function uniqueJobs(seams: Seams) {
  /** One live run per key. */
  const sole = defineJob<{ key: string; steps: number; ms: number }, number[]>(
    { name: 'sole', unique: { key: ({ key }) => key } },
    async (context) => {
      const observe = observed(context, seams)
      const pids: number[] = []
      for (let i = 1; i <= context.input.steps; i++) {
        pids.push(await observe(`s${i}`, () => wait(context.input.ms, process.pid)))
      }
      return pids
    },
  )
  return { sole }
}

function waitingJobs(seams: Seams) {
  /** Sleeps long enough to be suspended. */
  const nap = defineJob<{ ms: number }, number>({ name: 'nap' }, async (context) => {
    const observe = observed(context, seams)
    const before = await observe('before', () => Date.now())
    await context.step.sleep('nap', context.input.ms)
    return (await observe('after', () => Date.now())) - before
  })
  /** Its body stays until its signal aborts; the next one returns at once. */
  const held = defineJob<undefined, number>({ name: 'held' }, async (context) => {
    const observe = observed(context, seams)
    const pid = await observe('hold', async ({ signal }) => {
      if (isFirst(context, seams, 'hold')) await aborted(signal)
      return process.pid
    })
    await observe('next', () => process.pid)
    return pid
  })
  /** Its first body ends at once; the next one stays until the worker of the first has lost the run. */
  const duel = defineJob<undefined, number>({ name: 'duel' }, async (context) =>
    observed(context, seams)('fight', async () => {
      if (!isFirst(context, seams, 'fight')) {
        await seams.witness.until(({ run, note }) => run === context.run.id && note === 'lost')
      }
      return process.pid
    }),
  )
  /** Its first body ignores its signal and never ends. */
  const stubborn = defineJob<undefined, number>({ name: 'stubborn' }, async (context) =>
    observed(context, seams)('hold', async () => {
      if (isFirst(context, seams, 'hold')) await new Promise(() => undefined)
      return process.pid
    }),
  )
  return { nap, held, duel, stubborn }
}

function isFirst({ run }: Context<unknown>, { witness }: Seams, path: string): boolean {
  return witness.count('start', run.id, path) === 1
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function onceJobs(seams: Seams) {
  const run = async (context: Context<{ ms: number }>, lookUp: boolean): Promise<string[]> => {
    const observe = observed(context, seams)
    const once = lookUp ? onceOptions('send', context, seams) : ({ atMostOnce: true } as const)
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

function badJobs(seams: Seams) {
  /** Waits until the test says so, then blocks its event loop. */
  const blocking = defineJob<{ ms: number }, number>({ name: 'blocking' }, async (context) => {
    const observe = observed(context, seams)
    await observe('wait', () => toldToGo(context, seams))
    return observe('block', () => {
      const end = performance.now() + context.input.ms
      while (performance.now() < end);
      return process.pid
    })
  })
  /** The same; its first body blocks until another process has begun the step, which has taken the run over. */
  const choking = defineJob<undefined, number>({ name: 'choking' }, async (context) => {
    const observe = observed(context, seams)
    await observe('wait', () => toldToGo(context, seams))
    return observe('block', () => {
      while (isFirst(context, seams, 'block'));
      return process.pid
    })
  })
  /** One step that waits to be told to go, and then blocks the event loop until it is told once more. */
  const stuck = defineJob<undefined, number>({ name: 'stuck' }, async (context) =>
    observed(context, seams)('stuck', async () => {
      await toldToGo(context, seams)
      while (seams.witness.count('go', context.run.id, '') < 2);
      return process.pid
    }),
  )
  const deadly = defineJob<undefined, void>({ name: 'deadly' }, async (context) =>
    observed(context, seams)('die', () => {
      kill(seams.witness)
    }),
  )
  return { blocking, choking, stuck, deadly }
}

async function toldToGo({ run: { id } }: Context<unknown>, { witness }: Seams): Promise<number> {
  await witness.until(({ moment, run }) => moment === 'go' && run === id)
  return process.pid
}

/** All jobs of a worker. */
export function jobList(jobs: ReturnType<typeof crashJobs>): readonly Job[] {
  return Object.values(jobs)
}
