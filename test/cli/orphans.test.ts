import { expect, test } from 'vitest'
import { ownCommandLine, sdk } from './command-line.ts'

/** A job file whose steps have these names; a step named `bad` fails. */
function jobText(...steps: readonly string[]): string {
  return `import { defineJob, FatalError } from ${JSON.stringify(sdk)}
export const job = defineJob({ name: 'import' }, async ({ step }) => {
  for (const name of ${JSON.stringify(steps)}) {
    await step.run(name, () => { if (name === 'bad') throw new FatalError('no') })
  }
})`
}

test('show and explain mark stored steps that the code no longer calls', async () => {
  const cli = ownCommandLine()
  const before = cli.write('before.ts', jobText('read', 'check', 'insert', 'bad'))
  const first = await cli.work(before)
  await cli.run(['enqueue', before, 'import', '{}', '--id', 'drift', '--wait'])
  await first.kill('SIGTERM')
  const after = await cli.work(cli.write('after.ts', jobText('read', 'insert', 'mail')))
  await cli.ok('retry', 'drift')
  await after.said('"outcome":"completed"')
  await after.kill('SIGTERM')

  const shown = await cli.ok('show', 'drift')
  const marked = shown.split('\n').filter((line) => line.includes('no longer in the code'))
  expect(marked).toEqual([expect.stringMatching(/^check +run +done +1 .* ago +no longer in the code$/)])
  const { run, steps } = await cli.json<{
    readonly run: { readonly orphans?: readonly number[] }
    readonly steps: readonly { readonly path: string; readonly orphan?: true }[]
  }>('show', 'drift')
  expect(run.orphans).toEqual([2])
  expect(steps.filter(({ orphan }) => orphan).map(({ path }) => path)).toEqual(['check'])
  expect(await cli.ok('explain', 'drift')).toMatch(
    /1 stored step is no longer in the code, as its last execution found: 'check'\./,
  )
}, 60_000)
