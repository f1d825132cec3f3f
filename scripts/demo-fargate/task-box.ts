import type { Span } from '../../runtime/cli/demo/screen.ts'
import { clip, textWidth } from '../../runtime/cli/plain-text.ts'
import type { FakeTask } from '../../test/support/ecs/fake-task.ts'
import type { BoardSlot } from '../../test/support/ecs/story/story-board.ts'
import { needsProtection } from '../../test/support/ecs/story/story-jobs.ts'
import type { Scene } from './scene.ts'

type Format = NonNullable<Span[1]>

const shield = '◆'

/** A task with its runs: a shield before each run that needs protection, one below when the task is protected. */
export function taskBox(scene: Scene, task: FakeTask, width: number, rows: number): Span[][] {
  const state = stateOf(scene, task)
  const slots = scene.site.log.board.slotsOf(scene.site.pidOf(task))
  const spot = task.capacityProvider === 'FARGATE_SPOT' ? ' · spot' : ''
  const title = `${scene.nameOf(task)} · r${task.definition.revision}${spot}`
  return [
    edge('┌', title, '┐', width, state.format),
    ...Array.from({ length: rows }, (_, i) => slotLine(slots[i], width, state.format)),
    edge('└', state.text, '┘', width, state.format),
  ]
}

function stateOf(scene: Scene, task: FakeTask): { readonly text: string; readonly format: Format } {
  if (task.cause !== undefined) return { text: `stops: ${task.cause.kind}`, format: 'red' }
  if (scene.site.fake.isProtected(task)) return { text: `${shield} protected`, format: 'green' }
  return scene.hasStarted(task) ? { text: '', format: 'white' } : { text: 'starts', format: 'dim' }
}

function edge(left: string, text: string, right: string, width: number, format: Format): Span[] {
  const shown = text === '' ? '' : ` ${clip(text, width - 6)} `
  return [[`${left}─${shown}${'─'.repeat(Math.max(0, width - 3 - textWidth(shown)))}${right}`, format]]
}

function slotLine(slot: BoardSlot | undefined, width: number, format: Format): Span[] {
  const inner = width - 4
  if (slot === undefined) return [['│ ', format], [' '.repeat(inner)], [' │', format]]
  const needs = needsProtection(slot)
  const sign: Span = needs ? [`${shield} `, 'green'] : ['· ', 'dim']
  const text = clip(`${slot.job} ${[...slot.inside].join(' ')}`.trimEnd(), inner - 2)
  return [['│ ', format], sign, [text + ' '.repeat(Math.max(0, inner - 2 - textWidth(text)))], [' │', format]]
}
