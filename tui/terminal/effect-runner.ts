import type { Jobs } from '../../runtime/client/client.ts'
import { messageOf } from '../../runtime/model/thrown.ts'
import type { App } from '../app/app.ts'
import type { Effect, NewToast, StoreCall } from '../app/effect.ts'
import { copyNote, copySequence } from '../text/osc52.ts'
import { page } from './pager.ts'
import type { Suspension } from './suspension.ts'

export interface EffectRunnerDeps {
  readonly suspension: Suspension
  readonly stdout: Pick<NodeJS.WriteStream, 'write'>
  readonly jobs: () => Jobs | undefined
}

/** Effects on the whole program. */
export interface ProgramHooks {
  readonly reload: () => void
  /** Paints the whole frame on an empty screen. */
  readonly repaint: () => void
  readonly quit: () => void
}

/** Carries out the effects of steps. Their results are events again. */
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
        this.#hooks?.quit()
        break
      case 'suspend':
        void suspension.stop()
        break
      case 'repaint':
        this.#hooks?.repaint()
        break
      case 'reload':
        this.#hooks?.reload()
        break
      case 'copy':
        this.#copy(effect.text, effect.what)
        break
      case 'page':
        void this.#page(effect.text)
        break
      case 'call':
        void this.#call(effect.call)
        break
      case 'abort calls':
        this.#abortCalls()
        break
      case 'toast':
        this.#toast(effect.toast)
        break
    }
  }

  #abortCalls(): void {
    this.#calls.abort()
    this.#calls = new AbortController()
  }

  #copy(text: string, what: string): void {
    const copied = copySequence(text, process.env)
    if (copied.kind === 'sequence') this.#deps.stdout.write(copied.text)
    this.#toast({ tone: copied.kind === 'sequence' ? 'info' : 'warn', text: copyNote(what, copied) })
  }

  async #page(text: string): Promise<void> {
    try {
      await this.#deps.suspension.lend((ended) => page(text, ended))
    } catch (error) {
      this.#toast({ tone: 'bad', text: `the pager failed: ${messageOf(error)}` })
    }
  }

  async #call(call: StoreCall): Promise<void> {
    const jobs = this.#deps.jobs()
    const send = (message: unknown): void => this.#app?.dispatch({ kind: 'message', message })
    if (jobs !== undefined) return call(jobs, send, this.#calls.signal)
    this.#toast({ tone: 'bad', text: 'the store was not reached yet; nothing was done' })
  }

  #toast(toast: NewToast): void {
    this.#app?.dispatch({ kind: 'toast', toast })
  }
}
