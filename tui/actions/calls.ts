import { followToEnd } from '../../runtime/client/actions/follow-to-end.ts'
import type { Jobs } from '../../runtime/client/client.ts'
import { endedRunText } from '../../runtime/describe/situation.ts'
import type { RunId } from '../../runtime/model/run-id.ts'
import type { ActionInfo } from '../../runtime/store/actions.ts'
import type { StoreCall } from '../app/effect.ts'
import type { Choice, Write } from './action.ts'
import { failureOf } from './failure.ts'
import { actionTargetOf, canaryRuns, isMany } from './many.ts'
import type { Message, News } from './message.ts'
import type { ActingStage, Asked } from './stage.ts'

/** Where the messages of a call go, and the clock that dates them. */
export interface Sender {
  readonly asked: Asked
  readonly n: number
  readonly now: () => number
}

type Tell = (news: News) => void

export function planCall(sender: Sender, choice: Choice): StoreCall {
  return calling(sender, async (jobs) => {
    const { action, target } = sender.asked
    return { kind: 'planned', plan: await action.plan(jobs, { target, choice }) }
  })
}

export function actCall(sender: Sender, acting: ActingStage): StoreCall {
  const { action } = sender.asked
  const { plan, choice } = acting
  if (action.many !== undefined && isMany(plan.target)) return manyCall(sender, acting)
  return calling(sender, async (jobs) => {
    const text = await action.carryOut(jobs, {
      target: plan.target,
      choice,
      write: writeOf(sender.asked, acting),
    })
    return { kind: 'acted', text }
  })
}

/** Waits for the ends of the first runs. */
export function watchCall(sender: Sender, ids: readonly RunId[]): StoreCall {
  return calling(sender, async (jobs, tell, signal) => {
    const onEnd: Parameters<typeof followToEnd>[2]['onEnd'] = (id, run) => {
      const text = endedRunText(run, sender.now())
      tell({ kind: 'ended', run: { id, text, ...(run === undefined ? {} : { state: run.state }) } })
    }
    await followToEnd(jobs.inspector, ids, { signal, onEnd })
    return { kind: 'watched' }
  })
}

function manyCall(sender: Sender, acting: ActingStage): StoreCall {
  return calling(sender, async (jobs, tell, signal) => {
    const began = sender.now()
    const runs: RunId[] = []
    let from: number | undefined
    const info = await carriedOut(jobs, sender.asked, acting, {
      signal,
      onProgress: (progress) => {
        runs.push(...progress.runs)
        from ??= progress.action.done
        tell({ kind: 'progress', info: progress.action, elapsedMs: sender.now() - began, from })
      },
    })
    return { kind: 'carried out', info, runs }
  })
}

type Course = Parameters<Jobs['actions']['continue']>[1]

async function carriedOut(
  { actions }: Jobs,
  asked: Asked,
  acting: ActingStage,
  course: NonNullable<Course>,
): Promise<ActionInfo> {
  const { plan, choice, part } = acting
  const id = actionId(asked)
  if (part === 'rest') return actions.continue(id, course)
  // A second try may find it started.
  const known = part === 'first' ? await actions.get(id) : undefined
  const limit = canaryRuns - (known?.done ?? 0)
  if (known !== undefined && limit <= 0) return known
  if (!isMany(plan.target) || asked.action.many === undefined)
    throw new TypeError('an action on several runs')
  const { requestId: _, ...write } = writeOf(asked, acting)
  return actions.run(asked.action.many, actionTargetOf(plan.target), {
    ...course,
    ...write,
    id,
    ...(choice.runAgain.length === 0 ? {} : { runAgain: choice.runAgain }),
    ...(part === 'first' ? { limit } : {}),
  })
}

/** The stored action of a dialog. */
export function actionId({ id }: Asked): string {
  return `act_${id}`
}

function writeOf({ id, environment }: Asked, { reason }: ActingStage): Write {
  return { by: environment.operator, requestId: id, ...(reason === undefined ? {} : { reason }) }
}

/**
 * Sends the result of the work, or the store's error. An error that `send` throws is a defect of the app and no failure
 * of the store: the call rejects with it, and no further chunk is started.
 */
function calling(
  { asked, n, now }: Sender,
  work: (jobs: Jobs, tell: Tell, signal: AbortSignal) => Promise<News>,
): StoreCall {
  return async (jobs, send, signal) => {
    const tell: Tell = (news) => send({ dialog: asked.id, n, at: now(), news } satisfies Message)
    const defect = new AbortController()
    const tellOnTheWay: Tell = (news) => {
      try {
        tell(news)
      } catch (error) {
        defect.abort(error)
      }
    }
    const either = AbortSignal.any([signal, defect.signal])
    const news = await work(jobs, tellOnTheWay, either).catch(
      (error: unknown): News => ({ kind: 'failed', failure: failureOf(error) }),
    )
    defect.signal.throwIfAborted()
    tell(news)
  }
}
