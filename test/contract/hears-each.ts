import { expect } from 'vitest'

/** Expects that whoever listens is told of each act. Each is done twice: one that begins to listen may be told once for that. */
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
