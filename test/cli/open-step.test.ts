import { expect, test } from 'vitest'
import type { Run } from '../../sdk/index.ts'
import { holdFile, ownCommandLine } from './command-line.ts'

test('a running run shows its open step, since when, and as of when', async () => {
  const cli = ownCommandLine()
  await cli.work(holdFile, '--name', 'w1', '--lease', '1s')
  await cli.ok('enqueue', holdFile, 'hold', '--id', 'held')
  const shown = async (): Promise<Run> => (await cli.json<{ runs: Run[] }>('runs')).runs[0] as Run
  const step = { path: 'hold', openMs: expect.any(Number), toldAgoMs: expect.any(Number) }
  await expect.poll(shown, { timeout: 60_000 }).toMatchObject({ state: 'running', step })

  const part = /in 'hold' for \S.*, as of \S.* ago/.source
  expect(await cli.ok('runs')).toMatch(new RegExp(`  on w1, ${part}\n`))
  expect(await cli.ok('show', 'held')).toMatch(new RegExp(`^because {3}on w1, ${part}$`, 'm'))
  expect(await cli.ok('explain', 'held')).toMatch(
    /^ {2}It has been in step 'hold' for \S.*, as of \S.* ago\.$/m,
  )
  expect(await cli.ok('cancel', 'held')).not.toBe('')
})
