import type { Jobs } from '../../../sdk/index.ts'
import { actionVerbs } from '../../../tui/actions/verbs.ts'
import type { AppEvent } from '../../../tui/app/app-event.ts'
import type { AppState, Environment } from '../../../tui/app/app-state.ts'
import type { DialogView } from '../../../tui/app/dialog.ts'
import { openedDialog } from '../../../tui/app/dialog-mode.ts'
import type { Effect } from '../../../tui/app/effect.ts'
import { shownPlace } from '../../../tui/app/places.ts'
import { step } from '../../../tui/app/step.ts'
import type { Thing } from '../../../tui/app/thing.ts'
import { beginState } from '../../../tui/begin-state.ts'
import { lookOf } from '../../../tui/kit/look.ts'

const names: Readonly<Record<string, string>> = { ' ': 'space' }

export interface HostOptions {
  readonly environment?: Partial<Environment>
  /** A stub of the store where a test needs it offline. */
  readonly jobs?: () => Jobs
}

/** Hosts dialogs as the app does: its own steps, its effects carried out on a real store, frames painted on demand. */
export class Host {
  readonly verbs: ReturnType<typeof actionVerbs>
  readonly toasts: string[] = []
  readonly copied: string[] = []
  reloads = 0
  readonly #jobs: () => Jobs
  #state: AppState
  #read = 0
  #id = 0
  #stop = new AbortController()
  readonly #calls = new Set<Promise<void>>()
  readonly #waiters = new Set<() => void>()

  constructor(jobs: Jobs, { environment = {}, jobs: other }: HostOptions = {}) {
    this.#jobs = other ?? (() => jobs)
    this.verbs = actionVerbs({ newId: () => `id-${++this.#id}`, now: () => 1_000 })
    const all: Environment = {
      ...{ isProduction: false, address: 'sqlite:test', write: true, operator: 'ana@desk' },
      look: lookOf({ ascii: true }),
      ...environment,
    }
    this.#state = beginState(all, { screen: 'runs' }, { columns: 80, rows: 24 }, 1_000)
  }

  get state(): AppState {
    return this.#state
  }

  /** The open dialog. */
  get view(): DialogView {
    const { mode } = this.#state
    if (mode.kind !== 'dialog') throw new Error(`no dialog is open; toasts: ${this.toasts.join('; ')}`)
    return mode.dialog.view()
  }

  get isOpen(): boolean {
    return this.#state.mode.kind === 'dialog'
  }

  get text(): string {
    return this.view.lines
      .map((line) => (line.kind === 'text' ? line.text : `${line.label}: ${line.field.text}`))
      .join('\n')
  }

  get keys(): readonly string[] {
    return this.view.keys.map(({ key, label }) => `${key} ${label}`)
  }

  /** Begins an action as its key would, in a separate read, without its first frame. */
  begin(command: string, things: readonly Thing[]): void {
    const verb = this.verbs[command]
    if (verb === undefined) throw new Error(`no verb ${command}`)
    const { environment, places } = this.#state
    const context = { environment, place: shownPlace(places), things, marked: things.length > 1 }
    const refusal = verb.refusal(context)
    if (refusal !== undefined) throw new Error(`refused: ${refusal}`)
    this.#take(openedDialog(this.#state, verb.begin(context), ++this.#read))
  }

  /** Begins an action and paints the frame of its plan. */
  async open(command: string, ...things: readonly Thing[]): Promise<void> {
    this.begin(command, things)
    await this.idle()
  }

  refusal(command: string, ...things: readonly Thing[]): string | undefined {
    const { environment, places } = this.#state
    const context = { environment, place: shownPlace(places), things, marked: things.length > 1 }
    return this.verbs[command]?.refusal(context)
  }

  paint(): void {
    const { mode } = this.#state
    if (mode.kind === 'dialog') this.dispatch({ kind: 'painted', stage: mode.dialog.stage })
  }

  /** Keys of one read: names, or one text of several. */
  read(...keys: readonly string[]): void {
    const read = ++this.#read
    for (const name of keys) this.dispatch({ kind: 'key', key: keyOf(name), read })
  }

  /** Each key in a separate read, with its frame painted. */
  type(text: string): void {
    for (const character of text) this.press(character)
  }

  press(...keys: readonly string[]): void {
    for (const key of keys) {
      this.read(key)
      this.paint()
    }
  }

  dispatch(event: AppEvent): void {
    this.#take(step(this.#state, event, { screens: {}, verbs: this.verbs }))
  }

  /** Resolves once no call is under way; then its frame is painted. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.all(this.#calls)
    this.paint()
  }

  /** Resolves once the dialog, or the state after it, is as expected. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.add(resolve))
    this.paint()
  }

  #take({ state, effects }: { readonly state: AppState; readonly effects: readonly Effect[] }): void {
    this.#state = state
    for (const effect of effects) this.#carryOut(effect)
    for (const waiter of this.#waiters) waiter()
    this.#waiters.clear()
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'call': {
        this.#stop = new AbortController()
        const send = (message: unknown): void => this.dispatch({ kind: 'message', message })
        const call = effect.call(this.#jobs(), send, this.#stop.signal)
        const tracked = call.finally(() => this.#calls.delete(tracked))
        this.#calls.add(tracked)
        break
      }
      case 'abort calls':
        this.#stop.abort()
        break
      case 'copy':
        this.copied.push(effect.text)
        break
      case 'toast':
        this.toasts.push(effect.toast.text)
        break
      case 'reload':
        this.reloads++
        break
      default:
        throw new Error(`no dialog asks for ${effect.kind}`)
    }
  }
}

function keyOf(name: string): { readonly name: string; readonly text?: string } {
  return [...name].length === 1 ? { name: names[name] ?? name, text: name } : { name }
}
