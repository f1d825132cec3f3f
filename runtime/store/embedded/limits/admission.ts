import { isRate } from '../../../model/limiter.ts'
import { weight } from '../../limiter-math.ts'
import { seniority, ticketMs } from '../../limiters.ts'
import { type RunRow, runBySeq } from '../run-row.ts'
import { canStart, isServed, isSuspect } from '../takers.ts'
import type { Transaction } from '../transaction.ts'
import { type Admission, type LimitedRun, saveAdmission, type Take } from './admission-row.ts'
import { addUse, changeTickets, changeUse, hasLapsed, type LimitKey, openingOf, ruleOf } from './limit-key.ts'
import { headOf, isBehind, joinLine, keepsSlots, leaveLine, seniorsOf } from './line.ts'

/** The first closed limit of a request. */
export interface Closed {
  readonly index: number
  readonly limiter: string
  readonly opensInMs: number | undefined
}

/** How a request comes to a limit: in the order of its waitlist, or with a free slot of a worker. */
type Comes = 'in order' | 'to take'

/** Returns the limits that are not yet taken for this attempt. */
function missing(tx: Transaction, { takes }: Admission, attempt: number): Take[] {
  return takes.filter((take) => {
    const rule = ruleOf(tx, take.limiter)
    return rule !== undefined && isRate(rule) ? take.paid !== attempt : take.held === undefined
  })
}

export function firstClosed(
  tx: Transaction,
  run: LimitedRun,
  admission: Admission,
  come: { readonly as: Comes; readonly attempt: number },
): Closed | undefined {
  for (const take of missing(tx, admission, come.attempt)) {
    const { limiter } = take
    const opensInMs = openingFor(tx, run, admission, take, come.as)
    if (opensInMs !== 0) return { index: admission.takes.indexOf(take), limiter, opensInMs }
  }
  return undefined
}

function openingFor(
  tx: Transaction,
  run: LimitedRun,
  { path, senior }: Admission,
  take: Take,
  as: Comes,
): number | undefined {
  const rule = ruleOf(tx, take.limiter)
  // The safe side: a limiter that no worker here has registered stays closed until one does.
  if (rule === undefined) return undefined
  const stands = standing(tx, take, run)
  if (stands === 'kept out') return undefined
  // No event reports that a lease becomes free for a poison suspect.
  if (stands === 'kept out by a suspect') return ticketMs
  const ticketed = as === 'to take' || (take.ticket !== undefined && !hasLapsed(tx, take.ticket))
  const first = ticketed || senior || stands === 'passes'
  if (!first && isBehind(tx, take, run, path)) return undefined
  return openingOf(tx, rule, take, { cost: take.cost, ticketed })
}

/** Q6: returns the oldest aged waiter of a key that can be served; one that can't must not hide it. */
export function servedSenior(tx: Transaction, at: LimitKey): RunRow | undefined {
  for (const seq of seniorsOf(tx, at)) {
    const run = runBySeq(tx.sql, seq)
    if (run !== undefined && canStart(tx, run)) return run
  }
  return undefined
}

/**
 * Q6. An aged waiter that can be served keeps younger runs out, and the runs that it lets pass wait for none of those.
 * A run that keeps slots while it waits gives way to none: the aged waiter may be waiting for just those.
 */
function standing(tx: Transaction, at: LimitKey, run: LimitedRun): Standing {
  const senior = servedSenior(tx, at)
  if (senior === undefined) return 'in line'
  if (run.seq <= senior.seq) return 'passes'
  if (keepsSlots(tx, run)) return 'passes'
  return isSuspect(senior) ? 'kept out by a suspect' : 'kept out'
}

type Standing = 'in line' | 'passes' | 'kept out' | 'kept out by a suspect'

/** Takes all missing limits: the caller has checked them, in the same transaction (Q1). */
export function takeAll(tx: Transaction, run: LimitedRun, admission: Admission, attempt: number): void {
  dropTickets(tx, admission)
  for (const take of missing(tx, admission, attempt)) {
    const rule = ruleOf(tx, take.limiter)
    if (rule === undefined) continue
    addUse(tx, rule, take, take.cost)
    if (isRate(rule)) {
      take.paid = attempt
      take.charged = Math.min(take.cost, rule.max)
    } else {
      take.held = weight(rule, take.cost)
      take.heldAt = tx.now
      tx.sql.run(
        'INSERT OR REPLACE INTO limit_holders VALUES (?, ?, ?, ?, ?)',
        take.limiter,
        take.key,
        run.seq,
        admission.path,
        take.cost,
      )
    }
    touch(tx, take)
  }
  leaveLines(tx, run, admission)
  forgetSeniority(tx, run, admission)
  saveAdmission(tx, run.seq, admission)
}

/**
 * Makes reservations for all missing limits (Q4), unless the run waits for a worker and no worker takes it, or only one
 * that holds no other poison suspects (R17): then it starts without, if its keys are open at that time.
 */
export function giveTickets(tx: Transaction, run: LimitedRun, admission: Admission, attempt: number): void {
  if (run.state !== 'running' && (isSuspect(run) || !isServed(tx, run))) return
  for (const take of missing(tx, admission, attempt)) {
    const rule = ruleOf(tx, take.limiter)
    if (rule === undefined || take.ticket !== undefined) continue
    take.ticket = changeTickets(tx, rule, take, weight(rule, take.cost))
  }
  saveAdmission(tx, run.seq, admission)
}

export function dropTickets(tx: Transaction, { takes }: Admission): void {
  for (const take of takes) {
    if (take.ticket === undefined) continue
    const rule = ruleOf(tx, take.limiter)
    // A lapsed reservation is counted nowhere.
    const counts = !hasLapsed(tx, take.ticket)
    delete take.ticket
    if (rule !== undefined && counts) changeTickets(tx, rule, take, -weight(rule, take.cost))
    touch(tx, take)
  }
}

/**
 * Adds the request to the waitlist of the closed limit; a second time it moves to another one. `again`: the repeat of a
 * request whose refusal is counted.
 */
export function lineUp(
  tx: Transaction,
  run: LimitedRun,
  admission: Admission,
  closed: Closed,
  again = false,
): void {
  dropTickets(tx, admission)
  const take = admission.takes[closed.index]
  if (take === undefined) return
  if (admission.line !== closed.index) leaveLines(tx, run, admission)
  admission.line = closed.index
  joinLine(tx, take, run, admission.path)
  if (!again) countRefusal(tx, run, admission)
  saveAdmission(tx, run.seq, admission)
  // Behind others it changes nothing.
  const head = headOf(tx, take)
  if (head?.seq === run.seq && head.path === admission.path) touch(tx, take)
}

export function leaveLines(tx: Transaction, run: LimitedRun, admission: Admission): void {
  const take = admission.line === undefined ? undefined : admission.takes[admission.line]
  delete admission.line
  if (take === undefined) return
  leaveLine(tx, take, run, admission.path)
  touch(tx, take)
}

/** Q6: a run that needs only one limit is passed over by no other, unless it is a poison suspect. */
function countRefusal(tx: Transaction, run: LimitedRun, admission: Admission): void {
  if ((admission.takes.length < 2 && !isSuspect(run)) || admission.senior) return
  admission.refused ??= { count: 0, since: tx.now }
  admission.refused.count++
  const { count, since } = admission.refused
  if (count < seniority.refusals && tx.now - since < seniority.waitedMs) return
  admission.senior = true
  for (const { limiter, key } of admission.takes) {
    tx.sql.run('INSERT OR IGNORE INTO limit_seniors VALUES (?, ?, ?)', limiter, key, run.seq)
  }
}

export function forgetSeniority(tx: Transaction, run: LimitedRun, admission: Admission): void {
  delete admission.refused
  if (!admission.senior) return
  delete admission.senior
  for (const take of admission.takes) {
    tx.sql.run(
      'DELETE FROM limit_seniors WHERE limiter = ? AND key = ? AND seq = ?',
      take.limiter,
      take.key,
      run.seq,
    )
    touch(tx, take)
  }
}

/** Frees slots; those for the whole run only at its end (Q2). */
export function giveBack(tx: Transaction, run: LimitedRun, admission: Admission, ended: boolean): void {
  for (const take of admission.takes) {
    if (take.held === undefined || (take.wholeRun && !ended)) continue
    const rule = ruleOf(tx, take.limiter)
    if (rule !== undefined) changeUse(tx, rule, take, -take.held)
    delete take.held
    delete take.heldAt
    tx.sql.run(
      'DELETE FROM limit_holders WHERE limiter = ? AND key = ? AND seq = ? AND path = ?',
      take.limiter,
      take.key,
      run.seq,
      admission.path,
    )
    touch(tx, take)
  }
}

/** Q5: marks the key as changed, so that its waitlist is checked before the transaction ends. */
export function touch(tx: Transaction, { limiter, key }: LimitKey): void {
  tx.touchedKeys.set(`${limiter}\0${key}`, { limiter, key })
}
