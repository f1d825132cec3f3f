import type { Jobs } from '../../runtime/client/client.ts'
import { messageOf } from '../../runtime/model/thrown.ts'
import type { App } from '../app/app.ts'
import type { Effect, NewToast, StoreCall } from '../app/effect.ts'
import { clipboardSequence } from './clipboard.ts'
import { page } from './pager.ts'
import type { Suspension } from './suspension.ts'

export interface EffectRunnerDeps {
  readonly suspension: Suspension
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>
  readonly jobs: () => Jobs | undefined
}

/** What only the whole program can do. */
export interface ProgramHooks {
  readonly reload: () => void
  readonly quit: () => void
}

/** Carries out what steps ask for. What comes of it is an event again. */
export class EffectRunner {
  readonly #deps: EffectRunnerDeps
  #app: App | undefined
  #hooks: ProgramHooks | undefined
  #calls = new AbortController()

  constructor(deps: EffectRunnerDeps) {
    this.#deps = deps
  }

  begin(app: App, hooks: ProgramHooks): void {
    this.#app = app
    this.#hooks = hooks
  }

  close(): void {
    this.#calls.abort()
  }

  carryOut(effect: Effect): void {
    const { suspension } = this.#deps
    switch (effect.kind) {
      case 'quit':
        return this.#hooks?.quit()
      case 'suspend':
        return void suspension.stop()
      case 'repaint':
        return void suspension.takeBack()
      case 'reload':
        return this.#hooks?.reload()
      case 'copy':
        return this.#copy(effect.text, effect.what)
      case 'page':
        return void this.#page(effect.text)
      case 'call':
        return void this.#call(effect.call)
      case 'abort calls':
        this.#calls.abort()
        this.#calls = new AbortController()
        return
      case 'toast':
        return this.#toast(effect.toast)
    }
  }

  #copy(text: string, what: string): void {
    const sequence = clipboardSequence(text)
    if (sequence === undefined) return this.#toast({ tone: 'warn', text: `${what} is too long to copy; o opens it` })
    this.#deps.stdout.write(sequence)
    this.#toast({ tone: 'info', text: `copied ${what}, if your terminal takes it (OSC 52)` })
  }

  async #page(text: string): Promise<void> {
    try {
      await this.#deps.suspension.lend(() => page(text))
    } catch (error) {
      this.#toast({ tone: 'bad', text: `the pager failed: ${messageOf(error)}` })
    }
  }

  async #call(call: StoreCall): Promise<void> {
    const jobs = this.#deps.jobs()
    if (jobs === undefined) return this.#toast({ tone: 'bad', text: 'the store was not reached yet; nothing was done' })
    const send = (message: unknown): void => this.#app?.dispatch({ kind: 'message', message })
    await call(jobs, send, this.#calls.signal)
  }

  #toast(toast: NewToast): void {
    this.#app?.dispatch({ kind: 'toast', toast })
  }
}
