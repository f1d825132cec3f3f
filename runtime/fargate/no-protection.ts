import { protectionText } from '../describe/protection-text.ts'
import type { Protection, ProtectionHold, ProtectionMode, ProtectionStatus } from '../model/protection.ts'
import { noCalls } from './holder-state.ts'

/** Mode `off`, and every process outside ECS: runs that want protection start without it, and nothing is asked for. */
export class NoProtection implements Protection {
  readonly mode: ProtectionMode = 'off'
  #users = 0

  get status(): ProtectionStatus {
    const state = { kind: 'off' } as const
    return {
      mode: 'off',
      state,
      users: this.#users,
      protectedForMs: 0,
      sharesTask: false,
      calls: noCalls,
      reason: protectionText('off', state, 0),
    }
  }

  mayClaimProtected(): boolean {
    return true
  }

  mayAsk(): boolean {
    return false
  }

  keepsSlotFree(): boolean {
    return false
  }

  want(): void {
    // Nothing to ask.
  }

  acquire(): ProtectionHold {
    let isHeld = true
    this.#users++
    const release = (): void => {
      if (isHeld) this.#users--
      isHeld = false
    }
    return {
      // Never aborts: there's no protection to lose.
      signal: new AbortController().signal,
      confirm: async () => true,
      release,
      withdraw: release,
    }
  }

  onChange(): () => void {
    return () => undefined
  }

  shareTask(): void {
    // Nothing to give back.
  }

  supersede(): void {
    // Nothing to keep from ending.
  }

  drain(): void {
    // A worker that drains claims nothing by itself.
  }

  async close(): Promise<void> {
    // Nothing is in flight.
  }
}
