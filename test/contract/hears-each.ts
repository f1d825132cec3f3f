import { expect } from 'vitest'

/** Expects that every listener is notified of each action. Each runs twice: a new listener may be notified once for its start. */
export async function hearsEach(
  listen: (listener: () => void) => () => void,
  acts: readonly (() => Promise<unknown>)[],
): Promise<void> {
  let told = 0
  const stop = listen(() => {
    told++
  })
  for (const act of acts.flatMap((one) => [one, one])) {
    const before = told
    await act()
    await expect.poll(() => told, { timeout: 20_000 }).toBeGreaterThan(before)
  }
  stop()
  stop()
}
