import { setImmediate as macrotask } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'

/** Observes the rejections that Node would end a process for; call it at the top of a test file. */
export function observeUnhandled(): { readonly none: () => Promise<void> } {
  const seen: unknown[] = []
  const note = (error: unknown): void => {
    seen.push(error)
  }
  beforeAll(() => void process.on('unhandledRejection', note))
  afterAll(() => void process.off('unhandledRejection', note))
  return {
    /** Node emits them once the microtasks have run. */
    none: async () => {
      await macrotask()
      await macrotask()
      expect(seen).toEqual([])
    },
  }
}
