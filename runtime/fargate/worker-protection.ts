import { protectionText } from '../describe/protection-text.ts'
import type { AskingMode, Protection, ProtectionHold, ProtectionStatus } from '../model/protection.ts'
import type { SharedHolder } from './shared-holder.ts'
import type { TaskHolder } from './task-holder.ts'

/**
 * One worker's part in its task's holder. Several workers of a process share the holder; each drains for itself, and
 * the last one releases the protection.
 */
export class WorkerProtection implements Protection {
  readonly mode: AskingMode
  readonly #shared: SharedHolder
  #isDraining = false
  #closing: Promise<void> | undefined

  /** @param shared Joined already. */
  constructor(shared: SharedHolder) {
    this.#shared = shared
    this.mode = shared.holder.rules.mode
  }

  get #holder(): TaskHolder {
    return this.#shared.holder
  }

  get status(): ProtectionStatus {
    const status = this.#holder.status
    if (!this.#isDraining) return status
    const state = { kind: 'closing', cause: 'draining' } as const
    return { ...status, state, reason: protectionText(this.mode, state, status.protectedForMs) }
  }

  mayClaimProtected(): boolean {
    return !this.#isDraining && this.#holder.mayClaimProtected
  }

  mayAsk(): boolean {
    return !this.#isDraining && this.#holder.mayAsk
  }

  keepsSlotFree(): boolean {
    return !this.#isDraining && this.#holder.keepsSlotFree
  }

  want(): void {
    if (!this.#isDraining) this.#holder.on({ kind: 'want' })
  }

  acquire(): ProtectionHold {
    return this.#holder.acquire()
  }

  onChange(listener: () => void): () => void {
    return this.#holder.onChange(listener)
  }

  shareTask(shared: boolean): void {
    this.#holder.on({ kind: 'shared', value: shared })
  }

  supersede(superseded: boolean): void {
    this.#holder.on({ kind: 'superseded', value: superseded })
  }

  drain(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#shared.drain()
  }

  close(): Promise<void> {
    this.drain()
    this.#closing ??= this.#shared.leave()
    return this.#closing
  }
}
