import type { Line } from '../../fleet/body-log.ts'

/** A run in a slot of a worker. */
export interface BoardSlot {
  readonly run: string
  readonly job: string
  /** The steps whose bodies run now. */
  readonly inside: Set<string>
}

/** The current work of a story's workers, from their event log. */
export class StoryBoard {
  readonly #slots = new Map<number, Map<string, BoardSlot>>()
  #ended = 0

  /** Runs that have ended. */
  get ended(): number {
    return this.#ended
  }

  /** The runs in the slots of a process, the oldest first. */
  slotsOf(pid: number): readonly BoardSlot[] {
    return [...(this.#slots.get(pid)?.values() ?? [])]
  }

  isInside(pid: number): boolean {
    return this.slotsOf(pid).some(({ inside }) => inside.size > 0)
  }

  apply({ moment, run, path, pid, note = '' }: Line): void {
    const slots = this.#slots.get(pid) ?? new Map<string, BoardSlot>()
    this.#slots.set(pid, slots)
    if (moment === 'entered') slots.set(run, { run, job: note, inside: new Set() })
    if (moment === 'start') slots.get(run)?.inside.add(path)
    if (moment === 'end') slots.get(run)?.inside.delete(path)
    if (moment === 'killed') this.#slots.delete(pid)
    if (moment !== 'settled') return
    slots.delete(run)
    if (note === 'completed') this.#ended++
  }
}
