import { beforeEach, describe, expect, test } from 'vitest'
import { holderRules } from '../../../runtime/fargate/holder-rules.ts'
import type {
  ProtectionReply,
  ProtectionRequest,
  ProtectionTransport,
} from '../../../runtime/fargate/protection-reply.ts'
import { TaskHolder } from '../../../runtime/fargate/task-holder.ts'
import { AbortedError } from '../../../runtime/model/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LineLog } from '../../support/line-log.ts'
import { minutes, ownTask, seconds } from './holder-script.ts'

/** Replies as the test says; without a reply it hangs until it's aborted. */
class ScriptedTransport implements ProtectionTransport {
  readonly sent: string[] = []
  aborted = 0
  closed = false
  answer: (request: ProtectionRequest) => ProtectionReply | undefined
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
    this.answer = (request) => this.good(request)
  }

  good(request: ProtectionRequest): ProtectionReply {
    return request.enabled
      ? {
          kind: 'state',
          taskArn: ownTask,
          enabled: true,
          expiresAt: this.#clock.now() + request.minutes * minutes,
        }
      : { kind: 'state', taskArn: ownTask, enabled: false }
  }

  update(request: ProtectionRequest, signal: AbortSignal): Promise<ProtectionReply> {
    const at = this.#clock.elapsed() / seconds
    this.sent.push(`${at}s ${request.enabled ? `protect ${request.minutes}` : 'unprotect'}`)
    const answer = this.answer(request)
    if (answer !== undefined) return Promise.resolve(answer)
    return new Promise(() => signal.addEventListener('abort', () => void this.aborted++))
  }

  close(): void {
    this.closed = true
  }
}

const blocked = { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many' } as const

let clock: FakeClock
let log: LineLog
let transport: ScriptedTransport

beforeEach(() => {
  clock = new FakeClock()
  log = new LineLog()
  transport = new ScriptedTransport(clock)
})

function open(mode: 'required' | 'best-effort' = 'required', maxTotalMs = 120 * minutes): TaskHolder {
  const rules = holderRules({ mode, periodMinutes: 5, maxTotalMs, minuteMs: minutes })
  const holder = new TaskHolder(rules, { clock, log, transport })
  holder.on({ kind: 'task', arn: ownTask })
  return holder
}

async function protectedHolder(holder = open()): Promise<TaskHolder> {
  holder.on({ kind: 'want' })
  await clock.settle()
  expect(holder.mayClaimProtected).toBe(true)
  return holder
}

describe('a holder', () => {
  test('requests, renews while it has users, and releases, by one timer', async () => {
    const holder = await protectedHolder()
    const hold = holder.acquire()
    await clock.advance(10 * minutes)
    expect(clock.timers).toBe(1)
    hold.release()
    hold.release()
    await clock.advance(10 * minutes)
    expect(transport.sent).toEqual(['0s protect 5', '240s protect 5', '480s protect 5', '660s unprotect'])
    expect(holder.status).toMatchObject({
      mode: 'required',
      state: { kind: 'idle' },
      users: 0,
      protectedForMs: 0,
    })
    expect(clock.timers).toBe(0)
    expect(log.lines).toEqual([])
  })

  test('says synchronously what the next claim may take, and notifies its listeners of changes', async () => {
    const holder = open()
    const seen: string[] = []
    const stop = holder.onChange(() =>
      seen.push(`${clock.elapsed() / seconds} ${holder.mayClaimProtected} ${holder.keepsSlotFree}`),
    )
    transport.answer = () => undefined
    holder.on({ kind: 'want' })
    expect(holder.keepsSlotFree).toBe(true)
    transport.answer = (request) => transport.good(request)
    await clock.advance(7 * seconds)
    expect(holder.mayClaimProtected).toBe(true)
    await clock.advance(4 * minutes)
    stop()
    await clock.advance(4 * minutes)
    expect(seen).toEqual(['0 false true', '6.75 true false', '66.75 false false'])
  })

  test('notifies its listeners when time alone changes what a claim may take', async () => {
    const holder = await protectedHolder(open('required', 130 * minutes))
    const seen: string[] = []
    holder.onChange(() =>
      seen.push(`${clock.elapsed() / minutes}: ${holder.mayClaimProtected} ${holder.mayAsk}`),
    )
    const hold = holder.acquire()
    await clock.advance(66 * minutes)
    hold.release()
    await clock.advance(2 * minutes)
    expect(seen).toEqual(['65: false false', '67: false true'])
    const other = open('best-effort')
    other.onChange(() => seen.push(`${clock.elapsed() / seconds}: ${other.mayClaimProtected}`))
    transport.answer = () => undefined
    seen.length = 0
    const from = clock.elapsed() / seconds
    other.on({ kind: 'want' })
    await clock.advance(10 * seconds)
    expect(seen).toEqual([`${from}: false`, `${from + 10}: true`])
  })

  test('counts a hanging call as lost after 6 s, and ends it', async () => {
    const holder = open()
    transport.answer = () => undefined
    holder.on({ kind: 'want' })
    await clock.advance(6 * seconds)
    expect(transport.aborted).toBe(1)
    await clock.advance(15 * seconds)
    expect(transport.sent).toEqual(['0s protect 5', '6.75s protect 5', '14.25s protect 5'])
    expect(holder.status.calls).toMatchObject({ asked: 1, retried: 2, lost: 3 })
    expect(holder.status.reason).toMatch(
      /^ECS sent no reply \(no reply within 6\.0 s\); it asks again in 4\.\d s, such runs wait$/,
    )
  })

  test('notifies current holds of a loss once, and new ones not at all', async () => {
    const holder = await protectedHolder()
    const hold = holder.acquire()
    transport.answer = () => blocked
    await clock.advance(4 * minutes)
    expect(hold.signal.aborted).toBe(true)
    expect(hold.signal.reason).toBeInstanceOf(AbortedError)
    expect(hold.signal.reason).toMatchObject({ reason: 'protection lost' })
    transport.answer = (request) => transport.good(request)
    await clock.advance(1 * minutes)
    expect(holder.acquire().signal.aborted).toBe(false)
    expect(log.messages).toEqual([
      expect.stringMatching(
        /^warn: protection was refused \(DEPLOYMENT_BLOCKED: too many\); it asks again in 5\.6 s/,
      ),
      "warn: the task's protection can't be renewed; it ends in 1 min 0 s at the latest, and its protected runs are notified",
      'info: the task is protected again',
    ])
  })

  test('logs a refusal while it takes no protected runs anyway: what was refused, then why it takes none', async () => {
    const holder = await protectedHolder()
    holder.acquire()
    holder.on({ kind: 'superseded', value: true })
    transport.answer = () => blocked
    await clock.advance(4 * minutes)
    const closing = 'a newer revision of its task family has started: it takes no new protected runs'
    expect(log.messages[0]).toBe(`warn: protection was refused (DEPLOYMENT_BLOCKED: too many); ${closing}`)
  })

  test('allows calls from within a notified hold: nothing is lost, one call is in flight', async () => {
    const holder = await protectedHolder()
    const hold = holder.acquire()
    hold.signal.addEventListener('abort', () => {
      hold.release()
      holder.on({ kind: 'want' })
    })
    transport.answer = () => blocked
    await clock.advance(4 * minutes)
    expect(holder.status.users).toBe(0)
    expect(transport.sent).toHaveLength(2)
  })

  test('logs a refusal once, however often it requests, and another one again', async () => {
    const holder = open()
    for (const answer of [blocked, blocked, blocked, { ...blocked, code: 'MISSING' }]) {
      transport.answer = () => answer
      holder.on({ kind: 'want' })
      await clock.advance(2 * minutes)
    }
    expect(transport.sent).toHaveLength(4)
    expect(log.lines.map(({ fields }) => fields)).toMatchObject([
      { protection: 'DEPLOYMENT_BLOCKED' },
      { protection: 'MISSING' },
    ])
  })

  test('logs a permanent refusal once', async () => {
    const holder = open()
    transport.answer = () => ({ kind: 'refused', code: 'TASK_NOT_VALID', detail: 'no service' })
    for (let i = 0; i < 5; i++) {
      holder.on({ kind: 'want' })
      await clock.advance(10 * minutes)
    }
    expect(transport.sent).toHaveLength(1)
    expect(log.messages).toEqual([
      "warn: protection was refused (TASK_NOT_VALID: no service); it doesn't ask again, such runs wait; " +
        "run the worker in an ECS service: a task started by RunTask can't be protected",
    ])
  })
})

describe('confirming a hold', () => {
  test.each(['required', 'best-effort'] as const)(
    'in %s requests, and reserves no slot: the run that confirms has one',
    async (mode) => {
      transport.answer = () => undefined
      const holder = open(mode)
      void holder.acquire().confirm()
      await clock.settle()
      expect([transport.sent, holder.status.state.kind, holder.keepsSlotFree]).toEqual([
        ['0s protect 5'],
        'asking',
        false,
      ])
    },
  )

  test('is immediate with a minute ahead', async () => {
    const holder = await protectedHolder()
    expect(await holder.acquire().confirm()).toBe(true)
    expect(transport.sent).toHaveLength(1)
  })

  test('renews first if less is ahead', async () => {
    const holder = await protectedHolder()
    clock.stopFor(4 * minutes + 1)
    const hold = holder.acquire()
    expect(await hold.confirm()).toBe(true)
    expect(transport.sent).toHaveLength(2)
  })

  test('fails if the renewal is refused: the run is released', async () => {
    const holder = await protectedHolder()
    transport.answer = () => blocked
    clock.stopFor(4 * minutes + 1)
    expect(await holder.acquire().confirm()).toBe(false)
  })

  test('requests if nothing is protected, and waits 10 s at most', async () => {
    const holder = open()
    transport.answer = () => undefined
    const confirmed = holder.acquire().confirm()
    let settled = false
    void confirmed.then(() => {
      settled = true
    })
    await clock.advance(10 * seconds - 1)
    expect(settled).toBe(false)
    await clock.advance(1)
    expect(await confirmed).toBe(false)
  })

  test('fails at once during a pause, and when no new runs are taken', async () => {
    const holder = await protectedHolder()
    holder.acquire()
    holder.on({ kind: 'superseded', value: true })
    expect(holder.status.protectedForMs).toBe(5 * minutes)
    expect(await holder.acquire().confirm()).toBe(false)
    const other = open()
    transport.answer = () => blocked
    expect(await other.acquire().confirm()).toBe(false)
    expect(await other.acquire().confirm()).toBe(false)
  })

  test('of a claim that was sent before still holds', async () => {
    const holder = await protectedHolder()
    const claim = holder.acquire()
    holder.on({ kind: 'superseded', value: true })
    expect(await claim.confirm()).toBe(true)
  })

  test('never delays a run of best-effort', async () => {
    const holder = open('best-effort')
    transport.answer = () => undefined
    expect(await holder.acquire().confirm()).toBe(true)
    expect(transport.sent).toHaveLength(1)
  })

  test('ends when the holder closes', async () => {
    const holder = new TaskHolder(
      holderRules({ mode: 'required', periodMinutes: 5, maxTotalMs: 120 * minutes, minuteMs: minutes }),
      { clock, log, transport },
    )
    const confirmed = holder.acquire().confirm()
    await holder.close()
    expect(await confirmed).toBe(false)
  })
})

describe('closing', () => {
  test('releases protection, and ends all timers', async () => {
    const holder = await protectedHolder()
    await holder.close()
    expect(transport.sent).toEqual(['0s protect 5', '0s unprotect'])
    expect([transport.closed, clock.timers]).toEqual([true, 0])
    holder.on({ kind: 'want' })
    expect(transport.sent).toHaveLength(2)
  })

  test('ends with the deadline of a hanging call', async () => {
    const holder = await protectedHolder()
    transport.answer = () => undefined
    let isClosed = false
    const closed = holder.close().then(() => {
      isClosed = true
    })
    await clock.advance(6 * seconds - 1)
    expect([isClosed, transport.closed]).toEqual([false, false])
    await clock.advance(1)
    await closed
    expect(transport.aborted).toBe(1)
    expect(clock.timers).toBe(0)
  })
})
