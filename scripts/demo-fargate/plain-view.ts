import type { DemoScreen } from '../../runtime/cli/demo/screen.ts'
import type { DemoView } from './demo-view.ts'

const runsPerLine = 20

/** Prints the story line by line: for files, pipes and NO_COLOR. */
export function plainView(screen: DemoScreen): DemoView {
  screen.write('durable-jobs on Fargate: a fake of ECS, a real Redis, real worker processes\n\n')
  let told = 0
  let ended = 0
  return {
    show: (scene) => {
      const say = (at: number, text: string): void =>
        screen.write(`${scene.since(at).padStart(7)}  ${text}\n`)
      for (const { at, text, tone } of scene.told.slice(told))
        say(at, `${tone === 'act' ? '> ' : '  '}${text}`)
      told = scene.told.length
      if (scene.ended < ended + runsPerLine && (scene.ended < scene.runs || scene.ended === ended)) return
      ended = scene.ended
      const { tasks } = scene.site
      say(
        Date.now(),
        `  ${ended} of ${scene.runs} runs ended; ${tasks.length} tasks, ${scene.protectedTasks} protected`,
      )
    },
    end: () => undefined,
  }
}
