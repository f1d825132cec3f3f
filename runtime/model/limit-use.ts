import { InvalidInputError } from './errors.ts'
import { InvalidOptionsError } from './invalid-options-error.ts'
import { checkKnownOptions } from './known-options.ts'
import { isLimiter, isRate, type Limiter } from './limiter.ts'
import { isName, maxNameBytes } from './name.ts'
import { messageOf, returnedText } from './thrown.ts'

/** How a job uses a limiter; a limiter alone means one key for all, cost 1. */
export type JobLimit<Parsed> =
  | Limiter
  | {
      limiter: Limiter
      /** Each key has its own limit. Left out: one key for all. */
      key?: (input: Parsed) => string | number
      /** The cost of one run. Default 1. */
      cost?: number | ((input: Parsed) => number)
      /** `run` keeps the slot of a concurrency limit while the run is suspended, until it has ended. */
      hold?: 'run'
    }

/** How a step uses a limiter; a limiter alone means one key for all, cost 1. */
export type StepLimit = Limiter | { limiter: Limiter; key?: string | number; cost?: number }

/** One use of a limiter as stores keep it. */
export interface LimitUse {
  readonly limiter: string
  /** '' if one key serves all. */
  readonly key: string
  readonly cost: number
  /** Kept while the run is suspended. */
  readonly wholeRun: boolean
}

/** A job's use before the input is known. */
export interface PlannedLimit {
  readonly limiter: Limiter
  readonly key: ((input: never) => unknown) | undefined
  readonly cost: number | ((input: never) => unknown)
  readonly wholeRun: boolean
}

const maxUses = 10

/** @throws InvalidOptionsError naming the wrong use. */
export function parseJobLimits(value: unknown, at: string): readonly PlannedLimit[] {
  return list(value, at).map((entry, i) => {
    const where = `${at}[${i}]`
    if (isLimiter(entry)) return { limiter: entry, key: undefined, cost: 1, wholeRun: false }
    checkKnownOptions(entry, ['limiter', 'key', 'cost', 'hold'], where)
    const { limiter, key, cost = 1, hold } = entry as Exclude<JobLimit<never>, Limiter>
    checkLimiter(limiter, where)
    if (key !== undefined && typeof key !== 'function')
      throw new InvalidOptionsError(`${where}.key: write a function of the input, (input) => input.tenant`)
    if (typeof cost !== 'function') checkCost(cost, limiter, where)
    if (hold !== undefined && (hold !== 'run' || isRate(limiter.rule)))
      throw new InvalidOptionsError(`${where}.hold: only 'run', and only for limits.concurrency`)
    return { limiter, key, cost, wholeRun: hold === 'run' }
  })
}

/**
 * Returns the uses of one run; `schedule`: the schedule whose input it is, if it is not an enqueue's.
 * @throws InvalidInputError when a key or a cost made from the input is invalid
 */
export function limitUses(
  planned: readonly PlannedLimit[],
  input: unknown,
  { job, schedule }: { readonly job: string; readonly schedule?: string | undefined },
): readonly LimitUse[] {
  const refuse = (problem: string, options?: ErrorOptions): never => {
    throw new InvalidInputError(job, [problem], { schedule, to: 'limits', ...options })
  }
  const made = (what: string, make: (input: never) => unknown): unknown => {
    try {
      return make(input as never)
    } catch (cause) {
      const reason = messageOf(cause)
      return refuse(`${what} threw for this input: ${reason}`, { cause })
    }
  }
  return planned.map(({ limiter, key, cost, wholeRun }) => {
    const { name } = limiter
    const madeKey = key && made(`the key of limiter '${name}'`, key)
    const text = key === undefined ? '' : keyText(madeKey)
    if (text === undefined)
      return refuse(`the key of limiter '${name}' is ${returnedText(madeKey)}; ${keyRule}`)
    const madeCost = typeof cost === 'function' ? made(`the cost for limiter '${name}'`, cost) : cost
    if (!isCost(madeCost, limiter))
      return refuse(`the cost for limiter '${name}' is ${returnedText(madeCost)}; ${costRule(limiter)}`)
    return { limiter: name, key: text, cost: madeCost, wholeRun }
  })
}

/** @throws InvalidOptionsError naming the wrong use. */
export function parseStepLimits(value: unknown, at: string): readonly LimitUse[] {
  return list(value, at).map((entry, i) => {
    const where = `${at}[${i}]`
    if (isLimiter(entry)) return { limiter: entry.name, key: '', cost: 1, wholeRun: false }
    checkKnownOptions(entry, ['limiter', 'key', 'cost'], where)
    const { limiter, key, cost = 1 } = entry as Exclude<StepLimit, Limiter>
    checkLimiter(limiter, where)
    const text = key === undefined ? '' : keyText(key)
    if (text === undefined) throw new InvalidOptionsError(`${where}.key is ${returnedText(key)}; ${keyRule}`)
    checkCost(cost, limiter, where)
    return { limiter: limiter.name, key: text, cost, wholeRun: false }
  })
}

/** Returns the limiters that a list of uses names, as they were defined. */
export function limitersIn(value: unknown): readonly Limiter[] {
  const entries = Array.isArray(value) ? (value as readonly unknown[]) : []
  return entries.flatMap((entry) => {
    const limiter = isLimiter(entry) ? entry : (entry as { limiter?: unknown } | null)?.limiter
    return isLimiter(limiter) ? [limiter] : []
  })
}

function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > maxUses)
    throw new InvalidOptionsError(
      `${at}: write a list of at most ${maxUses} limiters, or of { limiter, key, cost }`,
    )
  const names = limitersIn(value).map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    throw new InvalidOptionsError(
      `${at}: limiter '${twice}' is named twice; once is enough, with a higher cost`,
    )
  return value as readonly unknown[]
}

function checkLimiter(limiter: unknown, at: string): asserts limiter is Limiter {
  if (!isLimiter(limiter))
    throw new InvalidOptionsError(`${at}.limiter: give one made by limits.concurrency(…) and its like`)
}

const keyRule = `a key is text of 1 to ${maxNameBytes} bytes without control characters, or a number`

function keyText(key: unknown): string | undefined {
  const text = typeof key === 'number' ? String(key) : key
  return isName(text) ? text : undefined
}

function isCost(cost: unknown, { rule }: Limiter): cost is number {
  return Number.isInteger(cost) && (cost as number) >= 1 && (cost as number) <= rule.max
}

function costRule({ name, rule }: Limiter): string {
  return `a cost is a whole number from 1 to ${rule.max}, all that '${name}' ever allows at once`
}

function checkCost(cost: unknown, limiter: Limiter, at: string): void {
  if (!isCost(cost, limiter))
    throw new InvalidOptionsError(`${at}.cost is ${returnedText(cost)}; ${costRule(limiter)}`)
}
