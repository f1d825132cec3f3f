import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { JournalPhase } from '../../../runtime/model/journal.ts'
import type { Outcome } from '../../../runtime/model/outcome.ts'
import type { Checkpoint, LeaseId, Settlement, Store } from '../../../runtime/store/store.ts'
import type { BodyLog } from './body-log.ts'

/**
 * A moment in the life of a run at which its worker's process kills itself, or at a `frozen commit` stops itself.
 * `untilDrain`: the step whose body lasts until the worker drains.
 */
export type KillPoint = Moment & { readonly untilDrain?: string }

type Moment =
  | { readonly at: 'claimed' }
  | { readonly at: 'body'; readonly path: string }
  | { readonly at: 'drained body'; readonly path: string }
  | {
      readonly at: 'before commit' | 'after commit' | 'frozen commit'
      readonly path: string
      readonly phase: JournalPhase
    }
  | { readonly at: 'before settle' | 'after settle'; readonly outcome: Outcome['kind'] }
  | { readonly at: 'before resign' | 'after resign' }

const slowCommitMs = 50

/** Ends this process like a crash: none of its code runs any more. */
export class Killer {
  readonly #point: KillPoint | undefined
  readonly #bodyLog: BodyLog

  constructor(point: KillPoint | undefined, bodyLog: BodyLog) {
    this.#point = point
    this.#bodyLog = bodyLog
  }

  /** Called by a body that has started. Resolves when it may continue. */
  async inBody(path: string, signal: AbortSignal): Promise<void> {
    const point = this.#point
    if (point?.at === 'body' && point.path === path) this.#die()
    if (point?.at === 'drained body' && point.path === path) {
      signal.addEventListener('abort', () => this.#die())
    }
    if (point?.untilDrain === path && !signal.aborted) await once(signal, 'abort')
  }

  /** The same store, which kills the process at the calls that the point names. */
  wrap(store: Store): Store {
    const calls: Pick<Store, 'claim' | 'commit' | 'resign'> = {
      claim: async (lease, n, request, settle) => {
        this.#settles('before settle', settle)
        const answer = await store.claim(lease, n, request, settle)
        this.#settles('after settle', settle)
        if (this.#point?.at === 'claimed' && answer.kind === 'claimed' && answer.runs.length > 0) this.#die()
        return answer
      },
      commit: async (lease, entries) => {
        if (this.#commits('before commit', entries)) {
          // Slowly: a step that does not wait for the store continues in this time, and the body log records it.
          await wait(slowCommitMs)
          this.#die()
        }
        if (this.#commits('frozen commit', entries)) process.kill(process.pid, 'SIGSTOP')
        const answer = await store.commit(lease, entries)
        if (this.#commits('after commit', entries)) this.#die()
        return answer
      },
      resign: async (lease: LeaseId, keep) => {
        if (this.#point?.at === 'before resign') this.#die()
        await store.resign(lease, keep)
        if (this.#point?.at === 'after resign') this.#die()
      },
    }
    return replaceCalls(store, calls)
  }

  #settles(at: 'before settle' | 'after settle', settlements: readonly Settlement[]): void {
    const point = this.#point
    if (point?.at !== at) return
    if (settlements.some(({ outcome }) => outcome.kind === point.outcome)) this.#die()
  }

  #commits(at: KillPoint['at'], entries: readonly (Checkpoint | Settlement)[]): boolean {
    const point = this.#point
    if (point === undefined || point.at !== at || !('phase' in point)) return false
    return entries.some(
      (entry) =>
        entry.kind === 'checkpoint' && entry.record.path === point.path && entry.record.phase === point.phase,
    )
  }

  #die(): void {
    kill(this.#bodyLog)
  }
}

/** Kills this process and says so first. */
export function kill(bodyLog: BodyLog): void {
  bodyLog.write('killed')
  process.kill(process.pid, 'SIGKILL')
}

/** The store with some of its calls replaced; the others run on the store itself. */
export function replaceCalls(store: Store, calls: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(calls, key) ?? Reflect.get(target, key, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
