import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { openFixture } from '../../support/fixture.ts'

describe('a worker process', () => {
  const script = fileURLToPath(new URL('./unawaited-worker.ts', import.meta.url))

  async function processOf(what: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const shop = await openFixture()
    const child = spawn(process.execPath, [script, JSON.stringify(shop.store), what], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null]>,
    ])
    return { code, stdout, stderr }
  }

  test('lives on with its other runs when unawaited steps fail', async () => {
    const { code, stdout, stderr } = await processOf('steps')
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual({
      late: 'handled: card refused',
      forgotten: 'done',
      neighbour: { result: 'fine', losses: 0 },
    })
    expect(code).toBe(0)
  })

  test('lives on with a listener of its own', async () => {
    expect(await processOf('listener')).toEqual({
      code: 0,
      stdout: "step 'first' failed after 1 attempt: card refused\n",
      stderr: '',
    })
  })

  test.each([
    ['a promise that the author derived from a step', 'derived', 'card refused'],
    ['a promise of the author’s own', 'own', 'the fetch failed'],
    ['an enqueue outside of a job', 'enqueue', 'the first argument must be a job'],
  ])(
    'ends by Node’s default for %s',
    async (_what, what, reason) => {
      const { code, stderr } = await processOf(what)
      expect(stderr).toContain(reason)
      expect(code).toBe(1)
    },
    120_000,
  )
})
