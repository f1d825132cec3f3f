import { FramePainter } from '../../runtime/cli/demo/frame-painter.ts'
import type { DemoScreen, Span } from '../../runtime/cli/demo/screen.ts'
import { clip } from '../../runtime/cli/plain-text.ts'
import type { DemoView } from './demo-view.ts'
import { slotsPerTask } from './play.ts'
import type { Scene, TellLine } from './scene.ts'
import { taskBox } from './task-box.ts'

const widest = 120
const margin = 2
const narrowestBox = 24
const gap = 1
const fewestTold = 2
const barWidth = 30
const signs: Readonly<Record<TellLine['tone'], Span>> = {
  act: ['▶ ', ['cyan', 'bold']],
  hurt: ['✕ ', ['red', 'bold']],
  good: ['◆ ', ['green', 'bold']],
  plain: ['  '],
}

/** Draws tasks as boxes, with what happened last below them. */
export function liveView(screen: DemoScreen, rows: () => number): DemoView {
  const painter = new FramePainter(screen)
  return {
    show: (scene) => {
      const columns = screen.columns() ?? widest
      painter.paint(drawFrame(scene, Math.min(columns - 1, widest), rows() - 1), columns)
    },
    end: painter.end,
  }
}

function drawFrame(scene: Scene, width: number, rows: number): Span[][] {
  const head = [[], titleLine(scene, width), barLine(scene), []]
  const boxes = boxRows(scene, width).slice(0, Math.max(0, rows - head.length - fewestTold))
  const left = Math.max(fewestTold, rows - head.length - boxes.length)
  const told = scene.told.slice(-left).map((line) => toldLine(scene, line, width))
  return [...head, ...boxes, ...told]
}

function titleLine(scene: Scene, width: number): Span[] {
  const name = '  durable-jobs on Fargate   '
  const clock = scene.since(Date.now()).padStart(7)
  const title = clip(scene.title, width - name.length - clock.length - 1)
  return [
    [name, 'bold'],
    [title.padEnd(width - name.length - clock.length), 'cyan'],
    [clock, 'dim'],
  ]
}

function barLine(scene: Scene): Span[] {
  const { ended, runs } = scene
  const full = runs === 0 ? 0 : Math.round((ended / runs) * barWidth)
  const tasks = scene.site.tasks.length
  return [
    ['  '],
    ['█'.repeat(full), 'cyan'],
    ['░'.repeat(barWidth - full), 'dim'],
    [`  ${ended} of ${runs} runs ended, ${tasks} tasks of ${scene.site.service.desiredCount} wanted`, 'dim'],
  ]
}

/** As many boxes side by side as fit, row under row. */
function boxRows(scene: Scene, width: number): Span[][] {
  const tasks = scene.site.service.tasks
  const perRow = Math.max(1, Math.floor((width - margin + gap) / (narrowestBox + gap)))
  const boxWidth = Math.floor((width - margin + gap) / perRow) - gap
  const lines: Span[][] = []
  for (let first = 0; first < tasks.length; first += perRow) {
    const boxes = tasks
      .slice(first, first + perRow)
      .map((task) => taskBox(scene, task, boxWidth, slotsPerTask))
    const height = boxes[0]?.length ?? 0
    for (let i = 0; i < height; i++) {
      lines.push([
        [' '.repeat(margin)],
        ...boxes.flatMap((box): Span[] => [...(box[i] ?? []), [' '.repeat(gap)]]),
      ])
    }
  }
  return lines
}

function toldLine(scene: Scene, { at, text, tone }: TellLine, width: number): Span[] {
  const time = `  ${scene.since(at).padStart(7)}  `
  return [[time, 'dim'], signs[tone], [clip(text, width - time.length - 2)]]
}
