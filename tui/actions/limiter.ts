import type { Jobs } from '../../runtime/client/client.ts'
import type { LimiterChange } from '../../runtime/client/limiters.ts'
import { limiterSetText } from '../../runtime/describe/action-result.ts'
import { exactDuration } from '../../runtime/describe/exact-duration.ts'
import { byInSentence } from '../../runtime/describe/manual-action.ts'
import { ruleText } from '../../runtime/describe/rule-text.ts'
import { parseDuration } from '../../runtime/model/duration.ts'
import type { ExpectedLimiter } from '../../runtime/model/expecting-write.ts'
import { InvalidOptionsError } from '../../runtime/model/invalid-options-error.ts'
import { ruleNames } from '../../runtime/model/limiter.ts'
import type { LimiterInfo } from '../../runtime/store/limiters.ts'
import { type Action, type Choice, type Effect, type FieldSpec, impossible, ready } from './action.ts'

export const setLimiter: Action<'limiter'> = {
  command: 'set limiter',
  name: 'set',
  on: ['limiter'],
  tier: 2,
  plan: async (jobs, { target }) => {
    const limiter = await limiterOf(jobs, target.id)
    if (limiter === undefined) return impossible('there is no longer a limiter of this name')
    return ready(
      { ...target, expected: expectedOf(limiter) },
      [
        {
          text: `for all workers from now on, instead of the code's numbers; now ${ruleText(limiter.rule)}`,
        },
        ...byHandEffects(limiter),
        { text: `${limiter.waiting === 1 ? '1 waits' : `${limiter.waiting} wait`} for it`, tone: 'dim' },
      ],
      { fields: fieldsOf(limiter) },
    )
  },
  words: ({ id }, choice) => ['limits', id, ...settings(choice)],
  carryOut: async (jobs, { target: { id, expected }, choice: { values }, write }) => {
    const rule = await jobs.limits.set(id, changeOf(values), { ...write, expected })
    return limiterSetText(id, rule)
  },
}

export const resetLimiter: Action<'limiter'> = {
  command: 'reset limiter',
  name: 'reset',
  on: ['limiter'],
  tier: 2,
  plan: async (jobs, { target }) => {
    const limiter = await limiterOf(jobs, target.id)
    if (limiter?.byHand === undefined)
      return impossible("the code's numbers are in force: no operator set others")
    return ready({ ...target, expected: expectedOf(limiter) }, [
      { text: `from ${ruleText(limiter.rule)} back to the code's numbers: ${ruleText(limiter.byHand.code)}` },
      ...byHandEffects(limiter),
    ])
  },
  words: ({ id }) => ['limits', id, '--reset'],
  carryOut: async (jobs, { target: { id, expected }, write }) =>
    limiterSetText(id, await jobs.limits.reset(id, { ...write, expected })),
}

async function limiterOf({ limits }: Jobs, name: string): Promise<LimiterInfo | undefined> {
  return (await limits.list()).find((limiter) => limiter.name === name)
}

function expectedOf({ rule, byHand }: LimiterInfo): ExpectedLimiter {
  return { rule, ...(byHand === undefined ? {} : { setAt: byHand.at }) }
}

function byHandEffects({ byHand }: LimiterInfo): readonly Effect[] {
  return byHand === undefined ? [] : [{ text: `set by ${byInSentence(byHand)}`, tone: 'dim' }]
}

/** One field per number, by the name its author wrote. */
function fieldsOf({ rule }: LimiterInfo): readonly FieldSpec[] {
  return Object.entries(ruleNames[rule.kind]).map(([part, name]) => {
    const isTime = part === 'everyMs'
    const value = rule[part as 'max' | 'everyMs' | 'refill']
    return {
      name,
      label: name,
      value: isTime ? exactDuration(value) : String(value),
      check: isTime ? checkTime : checkNumber,
    }
  })
}

function checkNumber(text: string): string | undefined {
  return /^\d+$/.test(text) ? undefined : `'${text}' is not a whole number`
}

export function checkTime(text: string): string | undefined {
  try {
    parseDuration(text, 'time')
    return undefined
  } catch (error) {
    if (!InvalidOptionsError.is(error)) throw error
    return "write a duration such as '10s', '5m', '2h', '1d'"
  }
}

/** All numbers, changed or not: the dialog shows the state after the action. */
function changeOf(values: Choice['values']): LimiterChange {
  const entries = Object.entries(values).map(([name, text]) => [
    name,
    /^\d+$/.test(text) ? Number(text) : text,
  ])
  return Object.fromEntries(entries) as LimiterChange
}

function settings({ values }: Choice): readonly string[] {
  return Object.entries(values).flatMap(([name, text]) => ['--set', `${name}=${text}`])
}
