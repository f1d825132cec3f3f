import type { Clock } from '../model/clock.ts'
import { outageKindOf } from '../model/errors.ts'
import { formatDuration } from '../model/format-duration.ts'
import type { Logger } from '../model/job.ts'
import type { StoreOutageKind } from '../model/store-outage.ts'
import type { Store } from '../store/store.ts'

/** A failed call that wasn't repeated for this long doesn't hold an outage open: its caller gave up. */
const quietMs = 5_000
/** Causes that affect only some calls of a kind: the success of the next one proves nothing. */
const partialKinds: ReadonlySet<StoreOutageKind> = new Set(['full', 'forbidden', 'unconfirmed'])

interface Failing {
  readonly kind: StoreOutageKind
  readonly lastAt: number
}

interface Outage {
  readonly begunAt: number
  readonly kinds: Set<StoreOutageKind>
  /** The first success after the last failure. */
  recoveredAt: number | undefined
}

/**
 * Logs an outage of the store once at its begin and once at its end, for all parts of a worker: claims, steps, limits,
 * leadership and duties by the store they share (`watch`), the lease thread by its messages.
 * An outage begins with the first call that fails. It ends when each call that failed has succeeded, or was not
 * repeated for 5 s while others succeeded: a replica serves reads, so one success is no end.
 */
export class OutageLog {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #failing = new Map<string, Failing>()
  #address = ''
  #outage: Outage | undefined
  #closed = false

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = clock
    this.#log = log
  }

  /** Whether an outage has begun and not ended. */
  get isOut(): boolean {
    return this.#outage !== undefined
  }

  /** Returns the same store; the results of its calls are recorded here. */
  watch(store: Store): Store {
    this.#address = store.address
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: readonly unknown[]): unknown => {
          const result: unknown = Reflect.apply(member, target, args)
          if (name !== 'close' && result instanceof Promise) this.#follow(String(name), result)
          return result
        }
      },
    })
  }

  /**
   * @param call The name of the failed call; the same as when it succeeds. @param tookMs How long the call had tried.
   */
  failed(call: string, kind: StoreOutageKind, reason: string, tookMs: number): void {
    if (this.#closed || kind === 'closed') return
    const now = this.#clock.elapsed()
    this.#failing.set(call, { kind, lastAt: now })
    if (this.#outage === undefined) {
      this.#outage = { begunAt: now - tookMs, kinds: new Set(), recoveredAt: undefined }
      this.#log.warn({ store: this.#address, kind, reason }, 'store outage began')
    }
    this.#outage.kinds.add(kind)
    this.#outage.recoveredAt = undefined
  }

  succeeded(call: string): void {
    const outage = this.#outage
    if (outage === undefined) return
    const now = this.#clock.elapsed()
    outage.recoveredAt ??= now
    for (const [name, { kind, lastAt }] of this.#failing) {
      const repeated = name === call && !partialKinds.has(kind)
      if (repeated || now - lastAt >= quietMs) this.#failing.delete(name)
    }
    if (this.#failing.size > 0) return
    this.#outage = undefined
    const ms = Math.round(outage.recoveredAt - outage.begunAt)
    const kind = [...outage.kinds].join(', ')
    this.#log.info({ store: this.#address, kind, ms }, `store outage ended after ${formatDuration(ms)}`)
  }

  /** The callers of a lost lease repeat nothing: calls that failed under it hold no outage open. */
  forget(): void {
    this.#failing.clear()
  }

  /** The worker has stopped: calls that end later are ignored. */
  close(): void {
    this.#closed = true
    this.forget()
    this.#outage = undefined
  }

  #follow(call: string, result: Promise<unknown>): void {
    const sentAt = this.#clock.elapsed()
    result.then(
      () => this.succeeded(call),
      (error: unknown) => {
        const kind = outageKindOf(error)
        if (kind === undefined) return
        this.failed(call, kind, (error as Error).message, this.#clock.elapsed() - sentAt)
      },
    )
  }
}
