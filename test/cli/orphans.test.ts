import { expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import { stepColumns } from '../../runtime/cli/run-report.ts'
import { formatTable } from '../../runtime/cli/table.ts'
import type { StepPath } from '../../runtime/model/step-path.ts'
import { toStoredError } from '../../runtime/model/stored-error.ts'
import { ownCommandLine, sdk } from './command-line.ts'

type Step = Parameters<ReturnType<typeof stepColumns>[number]['cell']>[0]

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
    /1 stored step is no longer in the code, as of its last execution: 'check'\./,
  )
})

test('the end of a run ends the waits of its other steps', () => {
  const step = { tries: 1, durationMs: 12, storedAt: Date.now() - 30_000, remainingMs: 0 } as const
  const steps: readonly Step[] = [
    {
      ...step,
      kind: 'run',
      path: 'pay' as StepPath,
      state: 'retrying',
      error: toStoredError(new Error('no')),
    },
    { ...step, kind: 'sleep', path: 'rest' as StepPath, state: 'waiting' },
  ]
  const situations = (state: 'running' | 'failed'): readonly string[] =>
    formatTable(stepColumns({ state }), steps)
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/.* ago +/, ''))
  expect(situations('running')).toEqual(['next try now; Error: no', 'due now'])
  expect(situations('failed')).toEqual([
    'no next try: the run has ended; Error: no',
    'was waiting when the run ended',
  ])
})

test('at 80 columns the table of steps shows the mark in full', () => {
  const step = { kind: 'run', tries: 1, durationMs: 12, storedAt: Date.now() - 30_000, orphan: true } as const
  const error = toStoredError(new Error('the provider of invoices is down'))
  const steps: readonly Step[] = [
    { ...step, path: 'ask the provider of invoices' as StepPath, state: 'failed', error },
    { ...step, path: 'import' as StepPath, state: 'retrying', remainingMs: 0, error },
  ]
  const [, ...lines] = formatTable(stepColumns({ state: 'running' }), steps, 80).split('\n')
  for (const line of lines) {
    expect(line).toContain('no longer in the code')
    expect(line).not.toContain('next try')
    expect(textWidth(line)).toBeLessThanOrEqual(80)
  }
})
