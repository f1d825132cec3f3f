import type { Scene } from './scene.ts'

/** Shows a scene on the screen. */
export interface DemoView {
  show(scene: Scene): void
  /** Leaves the last state on the screen and the cursor below it. */
  end(): void
}
