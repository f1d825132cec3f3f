import { expect, test } from 'vitest'
import { defineJob, type Jobs } from '../../../sdk/index.ts'
import type { ReadyPlan } from '../../../tui/actions/action.ts'
import { actionFor } from '../../../tui/actions/actions.ts'
import { opening } from '../../../tui/actions/advance.ts'
import { actCall, planCall, type Sender } from '../../../tui/actions/calls.ts'
import { isMessage, type News } from '../../../tui/actions/message.ts'
import type { ActingStage } from '../../../tui/actions/stage.ts'
import type { Target } from '../../../tui/actions/target.ts'
import { lookOf } from '../../../tui/kit/look.ts'
import { openFixture } from '../../support/fixture.ts'

const work = defineJob({ name: 'work' }, async () => {})

function senderOf(command: string, target: Target): Sender {
  const action = actionFor(command, target)
  if (action === undefined) throw new Error(`no action ${command}`)
  const environment = { isProduction: false, address: 'sqlite:test', write: true, operator: 'ana@desk' }
  return {
    asked: { id: 'id-1', action, target, environment: { ...environment, look: lookOf({ ascii: true }) } },
    ...{ n: 1, now: () => 1_000 },
  }
}

async function actingOn(jobs: Jobs, sender: Sender): Promise<ActingStage> {
  const plans: ReadyPlan[] = []
  const take = (message: unknown): void => {
    if (isMessage(message) && message.news.kind === 'planned' && message.news.plan.kind === 'ready')
      plans.push(message.news.plan)
  }
  await planCall(sender, opening.choice)(jobs, take, new AbortController().signal)
  const [plan] = plans
  if (plan === undefined) throw new Error('the plan is not ready')
  return { kind: 'acting', plan, choice: opening.choice, part: 'whole' }
}

/** An app that breaks when it handles one kind of event. */
function brokenApp(kind: News['kind']): {
  readonly heard: string[]
  readonly send: (message: unknown) => void
} {
  const heard: string[] = []
  const send = (message: unknown): void => {
    if (!isMessage(message)) throw new Error('no message')
    heard.push(message.news.kind)
    if (message.news.kind === kind) throw new TypeError('the app is broken')
  }
  return { heard, send }
}

test('an app error after a write is not reported as a failure of the store', async () => {
  const { jobs } = await openFixture()
  const sender = senderOf('pause or resume', { kind: 'queue', id: 'mail', paused: false })
  const acting = await actingOn(jobs, sender)
  const { heard, send } = brokenApp('acted')
  const acted = actCall(sender, acting)(jobs, send, new AbortController().signal)
  await expect(acted).rejects.toThrow('the app is broken')
  expect(heard).toEqual(['acted'])
  expect(await jobs.inspector.queues()).toMatchObject([{ name: 'mail', paused: { by: 'ana@desk' } }])
})

test('an app error while it handles progress starts no further chunk', async () => {
  const { jobs } = await openFixture()
  await jobs.enqueueMany(
    work,
    Array.from({ length: 60 }, () => undefined),
  )
  const sender = senderOf('cancel', { kind: 'filter', text: '', filter: {} })
  const acting = await actingOn(jobs, sender)
  const { heard, send } = brokenApp('progress')
  const acted = actCall(sender, acting)(jobs, send, new AbortController().signal)
  await expect(acted).rejects.toThrow('the app is broken')
  expect(heard).toEqual(['progress'])
  expect(await jobs.actions.get('act_id-1')).toMatchObject({ done: 0 })
})

test('a failure of the store is reported', async () => {
  const { jobs } = await openFixture()
  const sender = senderOf('pause or resume', { kind: 'queue', id: 'mail', paused: false })
  const acting = await actingOn(jobs, sender)
  await jobs.pauseQueue('mail', { by: 'bob' })
  const { heard, send } = brokenApp('acted')
  await actCall(sender, acting)(jobs, send, new AbortController().signal)
  expect(heard).toEqual(['failed'])
})
