import { RunStateError } from '../../../model/errors.ts'
import {
  type ExpectedLimiter,
  type ExpectingWrite,
  isSameRule,
  isSameTime,
  refuseStale,
} from '../../../model/expecting-write.ts'
import { InvalidOptionsError } from '../../../model/invalid-options-error.ts'
import type { LimiterRule } from '../../../model/limiter.ts'
import type { OperatorWrite } from '../../../model/operator-write.ts'
import { changedRule, numbersOf, type RuleChange } from '../../limiter-rules.ts'
import type { WorkerLimiter } from '../../limiters.ts'
import type { LeaseId, NewWorker } from '../../store.ts'
import { markWaitlistsOf, ruleOf } from '../limits/limit-key.ts'
import { logManual } from '../operation-log.ts'
import { shownAt } from '../store-clock.ts'
import type { Transaction } from '../transaction.ts'
import { declareDefinition, type InForce, settleDefinitions } from './definitions.ts'

export interface ByHandRow {
  readonly numbers: RuleChange
  readonly by: string
  readonly reason?: string
  readonly at: number
}

/** Registers the limiters that a worker's code declares. @throws InvalidOptionsError for a name with another kind. */
export function declareLimiters(
  tx: Transaction,
  worker: Pick<NewWorker, 'name' | 'lease'>,
  limiters: readonly WorkerLimiter[],
): void {
  for (const { name, rule } of limiters) {
    const known = tx.sql.get<{ rule: string }>('SELECT rule FROM limiters WHERE name = ?', name)
    if (known !== undefined) refuseOtherKind(name, JSON.parse(known.rule) as LimiterRule, rule)
  }
  for (const { name, rule } of limiters) {
    const text = JSON.stringify(rule)
    const definition = new TextEncoder().encode(text)
    const inForce = declareDefinition(tx, worker, { kind: 'limiter', name, digest: text, definition })
    if (inForce !== undefined) applyLimiter(tx, name, inForce)
  }
}

/** For limiters that only steps name. An ended lease no longer declares anything. */
export function defineLimiters(tx: Transaction, lease: LeaseId, limiters: readonly WorkerLimiter[]): void {
  const worker = tx.sql.get<{ name: string }>('SELECT name FROM workers WHERE lease = ?', lease)
  if (worker !== undefined) declareLimiters(tx, { name: worker.name, lease }, limiters)
}

/** After workers left, other workers' rules may be in force (R30). */
export function settleLimiters(tx: Transaction): void {
  settleDefinitions(tx, 'limiter', (name, inForce) => applyLimiter(tx, name, inForce))
}

function applyLimiter(tx: Transaction, name: string, { definition }: InForce): void {
  tx.sql.run(
    'INSERT INTO limiters (name, rule) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET rule = excluded.rule',
    name,
    new TextDecoder().decode(definition),
  )
  markWaitlistsOf(tx, name)
}

function refuseOtherKind(name: string, known: LimiterRule, rule: LimiterRule): void {
  if (known.kind === rule.kind) return
  throw new InvalidOptionsError(
    `limiter '${name}' is a ${known.kind} in this store and a ${rule.kind} in this code; give the new one another name`,
  )
}

/** Changes the rule in force; if left out, the code's is in force again. */
export function setLimiter(
  tx: Transaction,
  name: string,
  numbers: RuleChange | undefined,
  write: ExpectingWrite<ExpectedLimiter>,
): LimiterRule {
  const inForce = ruleOf(tx, name)
  if (inForce === undefined) {
    throw new RunStateError(`no limiter '${name}' in this store; durable-jobs limits lists them`)
  }
  const setBefore = byHandOf(tx, name)
  const { expected } = write
  if (expected !== undefined) {
    const setAt = setBefore && shownAt(tx, setBefore.at)
    const isSame = isSameRule(inForce, expected.rule) && isSameTime(setAt, expected.setAt)
    refuseStale(isSame, `limiter '${name}'`)
  }
  const byHand = numbers && byHandRow(tx, changedRule(name, inForce, numbers), write)
  tx.sql.run(
    'UPDATE limiters SET by_hand = ? WHERE name = ?',
    byHand === undefined ? null : JSON.stringify(byHand),
    name,
  )
  markWaitlistsOf(tx, name)
  const rule = ruleOf(tx, name) ?? inForce
  if (byHand !== undefined || setBefore !== undefined) {
    logManual(tx, byHand === undefined ? 'reset limiter' : 'change limiter', name, write, { ...rule })
  }
  return rule
}

function byHandOf(tx: Transaction, name: string): ByHandRow | undefined {
  const row = tx.sql.get<{ by_hand: string | null }>('SELECT by_hand FROM limiters WHERE name = ?', name)
  return row === undefined || row.by_hand === null ? undefined : (JSON.parse(row.by_hand) as ByHandRow)
}

function byHandRow(tx: Transaction, rule: LimiterRule, { by, reason }: OperatorWrite): ByHandRow {
  return { numbers: numbersOf(rule), by, at: tx.now, ...(reason === undefined ? {} : { reason }) }
}
