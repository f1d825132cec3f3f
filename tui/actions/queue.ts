import type { Jobs } from '../../runtime/client/client.ts'
import { queuePausedText, queueResumedText } from '../../runtime/describe/action-result.ts'
import { byInSentence } from '../../runtime/describe/manual-action.ts'
import { runsText } from '../../runtime/describe/plan-sentences.ts'
import type { QueueInfo } from '../../runtime/store/store.ts'
import { type Action, impossible, ready } from './action.ts'

export const pauseQueue: Action<'queue'> = {
  command: 'pause or resume',
  name: 'pause',
  on: ['queue'],
  tier: 2,
  isFor: ({ paused }) => !paused,
  plan: async (jobs, { target }) => {
    const queue = await queueOf(jobs, target.id)
    if (queue?.paused !== undefined)
      return impossible(`it is already paused by ${byInSentence(queue.paused)}`)
    const { ready: waiting = 0, running = 0, cancelling = 0 } = queue?.counts ?? {}
    return ready({ ...target, expected: {} }, [
      { text: `no worker would start its runs; ${runsText(waiting)} ready now` },
      { text: `${runsText(running + cancelling)} in a slot would continue`, tone: 'dim' },
    ])
  },
  words: ({ id }) => ['pause', id],
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    await jobs.pauseQueue(id, { ...write, expected })
    return queuePausedText(id)
  },
}

export const resumeQueue: Action<'queue'> = {
  command: 'pause or resume',
  name: 'resume',
  on: ['queue'],
  tier: 1,
  isFor: ({ paused }) => paused,
  plan: async (jobs, { target }) => {
    const queue = await queueOf(jobs, target.id)
    if (queue?.paused === undefined) return impossible('it is no longer paused')
    return ready({ ...target, expected: { pausedAt: queue.paused.at } }, [
      { text: `paused by ${byInSentence(queue.paused)}` },
      { text: `workers would take its ready runs: ${queue.counts.ready}` },
    ])
  },
  words: ({ id }) => ['resume', id],
  carryOut: async (jobs, { target: { id, expected }, write }) => {
    await jobs.resumeQueue(id, { ...write, expected })
    return queueResumedText(id)
  },
}

async function queueOf({ inspector }: Jobs, name: string): Promise<QueueInfo | undefined> {
  return (await inspector.queues()).find((queue) => queue.name === name)
}
