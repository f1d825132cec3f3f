import { SeededRandom } from '../support/seeded-random.ts'

/**
 * - `run`, `throw`: a step whose body returns, or fails for good
 * - `once`: an at-most-once step
 * - `nap`: a sleep that ends at once
 * - `long sleep`: a sleep that no test waits for; its branch never settles
 */
export type RaceStepKind = 'run' | 'throw' | 'once' | 'nap' | 'long sleep'

type Combinator = 'race' | 'any' | 'all' | 'allSettled'

interface Chain {
  readonly kind: 'chain'
  readonly steps: readonly RaceStepKind[]
}

interface Group {
  readonly kind: Combinator
  readonly branches: readonly RacePlan[]
  /** Whether a rejected group also rejects its own group. */
  readonly rethrows: boolean
}

/** Steps one after the other, or branches under a native combinator. */
export type RacePlan = Chain | Group

/** The interface between a race and the execution it runs in. */
export interface RaceTools {
  step(path: string, kind: RaceStepKind): Promise<unknown>
  /** Stores which branch won, in a separate step. */
  decided(group: string, decision: string): Promise<unknown>
}

/** The result of a race: how it ended, and the decision of each group by then. */
export interface RaceOutcome {
  readonly end: string
  readonly decisions: Readonly<Record<string, string>>
}

const maxDepth = 3
const root = 'r'

/** The race of a seed: always the same one. */
export function planRace(seed: number): RacePlan {
  const random = new SeededRandom(seed)
  const naps = { left: 1 }
  return planGroup(random, 1, naps)
}

interface Naps {
  /** Two would end in the order of their timers, which no seed determines. */
  left: number
}

function planGroup(random: SeededRandom, depth: number, naps: Naps): Group {
  const kind = random.pick<Combinator>(['race', 'race', 'any', 'any', 'all', 'allSettled'])
  const count = random.between(2, depth === 1 ? 4 : 3)
  const branches = Array.from({ length: count }, () =>
    depth < maxDepth && random.next() < 0.35 ? planGroup(random, depth + 1, naps) : planChain(random, naps),
  )
  // Only where another branch is sure to settle.
  if (kind === 'race' && random.next() < 0.25) branches.push({ kind: 'chain', steps: ['long sleep'] })
  return { kind, branches, rethrows: random.next() < 0.5 }
}

function planChain(random: SeededRandom, naps: Naps): Chain {
  const steps = Array.from({ length: random.between(1, 3) }, (): RaceStepKind => {
    const choice = random.next()
    if (choice < 0.2) return 'throw'
    if (choice < 0.3) return 'once'
    if (choice < 0.4 && naps.left > 0) {
      naps.left--
      return 'nap'
    }
    return 'run'
  })
  return { kind: 'chain', steps }
}

/** The job's function. The same code runs in a worker and over a journal that is replayed without one. */
export async function runRace(plan: RacePlan, tools: RaceTools): Promise<RaceOutcome> {
  const decisions: Record<string, string> = {}
  const end = await carryOut(plan, root, { tools, decisions }).catch(messageOf)
  return { end, decisions: { ...decisions } }
}

interface Race {
  readonly tools: RaceTools
  readonly decisions: Record<string, string>
}

/** Resolves to a text that starts with the path; a rejection's message starts with the path of the failed step. */
async function carryOut(plan: RacePlan, path: string, race: Race): Promise<string> {
  if (plan.kind === 'chain') {
    for (const [i, kind] of plan.steps.entries()) await race.tools.step(`${path}.${i}`, kind)
    return path
  }
  const branches = plan.branches.map((branch, i) => carryOut(branch, `${path}${i}`, race))
  const { decision, failed } = await decide(plan.kind, branches)
  race.decisions[path] = decision
  await race.tools.decided(path, decision)
  if (failed && plan.rethrows) throw new Error(`${path} failed`)
  return `${path}=${decision}`
}

interface Decided {
  readonly decision: string
  readonly failed: boolean
}

async function decide(kind: Combinator, branches: readonly Promise<string>[]): Promise<Decided> {
  // Which branches have settled when the combinator has, in their order.
  const settled: string[] = []
  for (const [i, branch] of branches.entries()) {
    branch.then(
      () => settled.push(`${i}`),
      () => settled.push(`!${i}`),
    )
  }
  try {
    const value = await combine(kind, branches)
    return { decision: `${value} after ${settled.join(' ')}`, failed: false }
  } catch (error) {
    return { decision: `!${messageOf(error)} after ${settled.join(' ')}`, failed: true }
  }
}

async function combine(kind: Combinator, branches: readonly Promise<string>[]): Promise<string> {
  switch (kind) {
    case 'race':
      return Promise.race(branches)
    case 'any':
      return Promise.any(branches)
    case 'all':
      return (await Promise.all(branches)).join(' + ')
    case 'allSettled':
      return (await Promise.allSettled(branches)).map(({ status }) => status).join(' + ')
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
