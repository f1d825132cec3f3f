import { wrap } from '../plain-text.ts'
import type { View } from './live-view.ts'
import type { DemoScreen } from './screen.ts'
import { type Story, sinceStart } from './story.ts'

const stepsPerLine = 10
const indent = 9

/** Prints the story line by line: for files, pipes and NO_COLOR. */
export function plainView(screen: DemoScreen): View {
  screen.write('durable-jobs demo: one import, two workers, one SIGKILL\n\n')
  let told = 0
  let stored = 0
  const say = (story: Story, at: number, text: string): void => {
    const columns = screen.columns()
    const lines = wrap(text, columns === undefined ? undefined : Math.max(20, columns - indent - 1))
    screen.write(`${sinceStart(story, at).padStart(7)}  ${lines.join(`\n${' '.repeat(indent)}`)}\n`)
  }
  return {
    show: (story) => {
      for (const { at, text } of story.told.slice(told)) say(story, at, text)
      told = story.told.length
      if (story.stored < stored + stepsPerLine && story.stored < story.steps) return
      if (story.stored === stored) return
      stored = story.stored
      say(story, Date.now(), `${stored} of ${story.steps} steps stored`)
    },
    end: () => undefined,
  }
}
