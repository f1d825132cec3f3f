import type { Clock } from '../../runtime/model/clock.ts'
import type { AppEvent } from './app-event.ts'
import type { AppState } from './app-state.ts'
import type { AppDeps } from './deps.ts'
import type { Effect } from './effect.ts'
import { step } from './step.ts'

export interface AppHooks extends AppDeps {
  readonly clock: Clock
  /** Carries out the effects of a step. */
  readonly carryOut: (effect: Effect) => void
  /** Called with each new state, after it was passed to React; not when a frame was painted. */
  readonly changed: (state: AppState) => void
}

/** The store's news are painted at most this often; the user's actions, and what the user waits for, at once. */
const paintMs = 250
const tickMs = 1_000

const atOnce: ReadonlySet<AppEvent['kind']> = new Set(['key', 'paste', 'resize', 'message', 'toast'])

/** This place, with its current filter, has not been shown yet. */
function isFirstOfPlace({ data }: AppState, event: AppEvent): boolean {
  return event.kind === 'data' && data.get(event.place)?.request !== event.request
}

/** Holds the one state, and tells React when to paint it. */
export class App {
  readonly #hooks: AppHooks
  readonly #listeners = new Set<() => void>()
  #state: AppState
  #painted = Number.NEGATIVE_INFINITY
  #cancelPaint: (() => void) | undefined
  #cancelTick: () => void
  readonly #reads = { number: 0, isUnderWay: false }

  constructor(state: AppState, hooks: AppHooks) {
    this.#state = state
    this.#hooks = hooks
    this.#cancelTick = this.#tickLater()
  }

  readonly state = (): AppState => this.#state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  dispatch(event: AppEvent): void {
    const isAwaited = atOnce.has(event.kind) || isFirstOfPlace(this.#state, event)
    const { state, effects } = step(this.#state, event, this.#hooks)
    const isNew = state !== this.#state
    this.#state = state
    if (isNew && event.kind !== 'painted') {
      if (isAwaited) this.#paint()
      else this.#paintSoon()
      this.#hooks.changed(state)
    }
    for (const effect of effects) this.#hooks.carryOut(effect)
  }

  /**
   * Numbers the reads of the terminal. Events of one read arrive in one macrotask: they get the same number, so that a
   * dialog can distinguish its keys from those that were typed before it was visible.
   */
  readNumber(): number {
    const reads = this.#reads
    if (!reads.isUnderWay) {
      reads.isUnderWay = true
      reads.number++
      this.#hooks.clock.soon(() => {
        reads.isUnderWay = false
      })
    }
    return reads.number
  }

  close(): void {
    this.#cancelPaint?.()
    this.#cancelTick()
    this.#listeners.clear()
  }

  #paint(): void {
    this.#cancelPaint?.()
    this.#cancelPaint = undefined
    this.#painted = this.#hooks.clock.elapsed()
    for (const listener of this.#listeners) listener()
  }

  #paintSoon(): void {
    const waitMs = this.#painted + paintMs - this.#hooks.clock.elapsed()
    this.#cancelPaint ??= this.#hooks.clock.after(waitMs, () => this.#paint())
  }

  /** Ages grow without an event. */
  #tickLater(): () => void {
    return this.#hooks.clock.after(tickMs, () => {
      this.#cancelTick = this.#tickLater()
      this.dispatch({ kind: 'tick', now: this.#hooks.clock.now() })
    })
  }
}
