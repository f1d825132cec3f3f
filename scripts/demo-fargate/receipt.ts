import type { Check } from '../../runtime/cli/demo/receipt.ts'
import type { StoryReceipt } from '../../test/support/ecs/story/story-receipt.ts'

/** What the demo claims, and what was found in the store, in the event log of the workers and in the events of ECS. */
export function checksOf(receipt: StoryReceipt): readonly Check[] {
  return [
    runs(receipt),
    steps(receipt),
    once(receipt),
    scaleIn(receipt),
    spot(receipt),
    deployment(receipt),
  ].concat(receipt.wrong.map((found) => ({ name: 'wrong', holds: false, found })))
}

function runs({ runs, completed, losses }: StoryReceipt): Check {
  const found = `${runs} enqueued, ${completed} completed, ${runs - completed} lost; losses by dead workers: ${losses}`
  return { name: 'runs', holds: runs === completed, found }
}

function steps({ bodies, repeatedBodies, wrong }: StoryReceipt): Check {
  const found = `${bodies} bodies begun; stored steps begun again: ${wrong.length === 0 ? 'none' : 'see below'}; ${repeatedBodies} begun again before they were stored, each cut by the end of its task`
  return { name: 'steps', holds: wrong.length === 0, found }
}

function once({ onceBodies, onceTwice, lookedUp }: StoryReceipt): Check {
  const found = `${onceBodies} at-most-once bodies, ${onceTwice} begun twice, ${lookedUp} cut in the middle`
  return { name: 'once', holds: onceBodies > 0 && onceTwice === 0, found }
}

function scaleIn({ stops, hits, waitedFor }: StoryReceipt): Check {
  const stopped = stops['scale-in'] ?? 0
  const found = `${stopped} tasks stopped, none while protected, ${hits.length} inside a run that needs it; it waited for ${waitedFor} protected tasks`
  return { name: 'scale-in', holds: stopped === 4 && hits.length === 0 && waitedFor > 0, found }
}

function spot({ stops, kills }: StoryReceipt): Check {
  const found = `${stops.spot ?? 0} task interrupted; its runs went on elsewhere; tasks that needed SIGKILL: ${kills}`
  return { name: 'spot', holds: stops.spot === 1, found }
}

function deployment({ stops }: StoryReceipt): Check {
  const stopped = stops.deployment ?? 0
  return {
    name: 'deploy',
    holds: stopped === 2,
    found: `${stopped} tasks replaced, each once it was not protected any more`,
  }
}
