import type { Dialog, DialogStep, DialogView, LogEntry, OpenedDialog } from '../app/dialog.ts'
import type { Effect, StoreCall } from '../app/effect.ts'
import type { Key } from '../app/key.ts'
import { type Advance, type Ask, advance, type Logged, opening } from './advance.ts'
import { actCall, planCall, watchCall } from './calls.ts'
import { dialogView } from './dialog-view.ts'
import { isMessage } from './message.ts'
import { paste, press } from './press.ts'
import { type Asked, type Stage, stageName } from './stage.ts'
import { targetText } from './target.ts'

/** Dates log entries. */
export interface DialogDeps {
  /** This host's clock. */
  readonly now: () => number
}

/**
 * The dialog of an action, from its plan to its result. It holds the request, the stage, and the number of the call
 * whose messages count: those of an earlier call belong to a stage that is over.
 */
export class ActionDialog implements Dialog {
  readonly #asked: Asked
  readonly #deps: DialogDeps
  readonly #stage: Stage
  readonly #n: number

  private constructor(asked: Asked, deps: DialogDeps, stage: Stage, n: number) {
    this.#asked = asked
    this.#deps = deps
    this.#stage = stage
    this.#n = n
  }

  static open(asked: Asked, deps: DialogDeps): OpenedDialog {
    const dialog = new ActionDialog(asked, deps, opening, 1)
    const call = planCall({ asked, n: 1, now: deps.now }, opening.choice)
    return { dialog, effects: [{ kind: 'call', call }] }
  }

  get stage(): string {
    return `${this.#asked.id} ${stageName(this.#stage, this.#n)}`
  }

  press(key: Key): DialogStep {
    return this.#next(press(this.#asked, this.#stage, key))
  }

  paste(text: string): DialogStep {
    return this.#next({ stage: paste(this.#stage, text) })
  }

  receive(message: unknown): DialogStep {
    const isOwn = isMessage(message) && message.dialog === this.#asked.id && message.n === this.#n
    return isOwn
      ? this.#next(advance(this.#asked, this.#stage, message.news), message.at)
      : { dialog: this, effects: [] }
  }

  view(): DialogView {
    return dialogView(this.#asked, this.#stage)
  }

  #next({ stage, ask, toast, logged }: Advance, at?: number): DialogStep {
    const n = ask === undefined || ask.kind === 'stop' || ask.kind === 'copy' ? this.#n : this.#n + 1
    const effects: Effect[] = [
      ...(ask === undefined ? [] : [this.#effect(ask, n)]),
      ...(toast === undefined ? [] : [{ kind: 'toast' as const, toast }]),
      // Rows that it changed must not stay stale until the next read is due.
      ...(logged !== undefined && changing.has(logged.outcome) ? [{ kind: 'reload' as const }] : []),
    ]
    return {
      effects,
      ...(stage === undefined ? {} : { dialog: new ActionDialog(this.#asked, this.#deps, stage, n) }),
      ...(logged === undefined ? {} : { logged: [this.#entry(logged, at ?? this.#deps.now())] }),
    }
  }

  #entry(logged: Logged, at: number): LogEntry {
    const { action, target } = this.#asked
    return { at, command: action.command, target: targetText(target), ...logged }
  }

  #effect(ask: Ask, n: number): Effect {
    const sender = { asked: this.#asked, n, now: this.#deps.now }
    switch (ask.kind) {
      case 'plan':
        return called(planCall(sender, ask.choice))
      case 'act':
        return called(actCall(sender, ask.acting))
      case 'watch':
        return called(watchCall(sender, ask.ids))
      case 'stop':
        return { kind: 'abort calls' }
      case 'copy':
        return { kind: 'copy', text: ask.text, what: ask.what }
    }
  }
}

/** Outcomes that left changes in the store. */
const changing: ReadonlySet<LogEntry['outcome']> = new Set(['done', 'partly', 'stopped'])

function called(call: StoreCall): Effect {
  return { kind: 'call', call }
}
