import { receiptLines } from '../../runtime/cli/demo/receipt-text.ts'
import type { DemoScreen } from '../../runtime/cli/demo/screen.ts'
import { drawUpReceipt } from '../../test/support/ecs/story/story-receipt.ts'
import { StorySite } from '../../test/support/ecs/story/story-site.ts'
import type { DemoView } from './demo-view.ts'
import { liveView } from './live-view.ts'
import { plainView } from './plain-view.ts'
import { type DemoPace, demoOptions, play } from './play.ts'
import { checksOf } from './receipt.ts'
import { Scene } from './scene.ts'

const frameMs = 100
const maxMs = 120_000

/** Plays the story, prints its receipt, and returns the exit code. `rows`: of the terminal, for boxes. */
export async function runDemo(screen: DemoScreen, rows: () => number, pace: DemoPace): Promise<number> {
  await using site = await StorySite.open(demoOptions(pace))
  const scene = new Scene(site)
  const view = screen.live ? liveView(screen, rows) : plainView(screen)
  await playInView(scene, view, pace)
  const checks = checksOf(await drawUpReceipt(site))
  screen.write(receiptLines(checks, screen))
  return checks.every(({ holds }) => holds) ? 0 : 1
}

/** Shows frame after frame until the story is over. */
async function playInView(scene: Scene, view: DemoView, pace: DemoPace): Promise<void> {
  const show = (): void => {
    scene.site.log.read()
    view.show(scene)
  }
  const frames = setInterval(show, frameMs)
  const late = Promise.withResolvers<never>()
  const tooLate = new Error(`the story has not ended within ${maxMs / 1_000} s`)
  const timer = setTimeout(() => late.reject(tooLate), maxMs)
  try {
    await Promise.race([play(scene, pace), late.promise])
  } finally {
    clearTimeout(timer)
    clearInterval(frames)
    show()
    view.end()
  }
}
