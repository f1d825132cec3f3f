import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { ActionInfo } from '../../runtime/store/actions.ts'
import type { ActionPlan } from '../../sdk/index.ts'
import type { CliProcess } from '../support/processes/cli-process.ts'
import { type CommandLine, jobFile, ownCommandLine } from './command-line.ts'

const chargeFile = fileURLToPath(new URL('./jobs/charges.ts', import.meta.url))

interface ActJson {
  readonly plan: ActionPlan
  readonly action: ActionInfo
}

interface RunsJson {
  readonly runs: readonly { readonly id: string; readonly state: string }[]
}

/** Three charges that failed, and one that failed in an at-most-once step. */
async function failedCharges(): Promise<{ readonly cli: CommandLine; readonly worker: CliProcess }> {
  const cli = ownCommandLine()
  const worker = await cli.work(chargeFile)
  const inputs = { a: '{}', b: '{}', c: '{}', once: '{"once":true}' }
  for (const [id, input] of Object.entries(inputs)) {
    await cli.run(['enqueue', chargeFile, 'charge', input, '--id', id, '--wait'])
  }
  return { cli, worker }
}

async function statesOf(cli: CommandLine): Promise<Readonly<Record<string, string>>> {
  const { runs } = await cli.json<RunsJson>('runs')
  return Object.fromEntries(runs.map(({ id, state }) => [id, state]))
}

async function retriesOf(cli: CommandLine, id: string): Promise<number> {
  const { history } = await cli.json<{ history: { kind: string }[] }>('show', id)
  return history.filter(({ kind }) => kind === 'retry').length
}

const plan = [
  '4 runs to retry',
  'all of them were inspected: 4 failed',
  "  3 would run 'pay' again",
  "  1 would run the at-most-once step 'pay once' again: refused, unless with --run-again 'pay once'",
  '',
].join('\n')

test('many runs: shows the plan first; without a terminal only --yes carries it out', async () => {
  const { cli, worker } = await failedCharges()
  expect(await cli.ok('retry', '--job', 'charge', '--dry-run')).toBe(plan)
  const [, fingerprint = ''] = /(f1:\w{6})/.exec(await cli.ok('runs', '--json')) ?? []
  expect(await cli.ok('retry', '--fingerprint', fingerprint, '--dry-run')).toMatch(/^[13] runs? to retry\n/)
  const refused = await cli.run(['retry', '--job', 'charge'])
  expect(refused).toMatchObject({ code: 2, stdout: plan })
  expect(refused.stderr).toContain('this would retry 4 runs: add --yes to do it, or --dry-run')
  expect(new Set(Object.values(await statesOf(cli)))).toEqual(new Set(['failed']))

  await worker.kill('SIGTERM')
  cli.write('bank-is-back', '')
  const done = await cli.run(['retry', '--job', 'charge', '--yes', '--by', 'ana', '--reason', 'bank is back'])
  expect(done).toMatchObject({ code: 3, stderr: '' })
  expect(done.stdout).toMatch(
    /\nretried 3 runs, refused 1 \(action act_\w+\)\n {2}once: it would run .* in --run-again\n$/,
  )
  expect(await statesOf(cli)).toEqual({ a: 'ready', b: 'ready', c: 'ready', once: 'failed' })
  const [action] = (await cli.json<{ actions: ActionInfo[] }>('actions')).actions
  expect(action).toMatchObject({ action: 'retry', by: 'ana', reason: 'bank is back', done: 3, refused: 1 })
  expect(await cli.ok('actions')).toMatch(
    /\nact_\w+ +retry +3 +1 +.* ago +.* ago +--job charge --state failed +ana: bank is back\n/,
  )
  expect(await cli.ok('actions', action?.id ?? '')).toMatch(
    /^retry of --job charge --state failed, begun .* ago by ana: bank is back\nended .* ago\nretried 3 runs, refused 1 /,
  )
  const allowed = await cli.json<ActJson>('retry', '--state', 'failed', '--run-again', 'pay once', '--yes')
  expect(allowed).toMatchObject({
    plan: { matching: { runs: 1, exact: true } },
    action: { done: 1, refused: 0 },
  })
})

test('--first: stops if those runs fail again; --continue resumes, each run once', async () => {
  const { cli } = await failedCharges()
  const first = await cli.run([
    'retry',
    '--state',
    'failed',
    '--first',
    '2',
    '--yes',
    '--run-again',
    'pay once',
  ])
  expect(first.code).toBe(4)
  expect(first.stdout).toContain('2 runs retried first; waiting for the end of each')
  expect(first.stdout.match(/^ {2}\S+ failed: .*the bank is down$/gm)).toHaveLength(2)
  expect(first.stdout).toContain('\n2 of 2 did not complete\nretried 2 runs (action act_')
  const [, id = ''] =
    /^stopped; continue with: durable-jobs retry --continue (act_\w+)$/m.exec(first.stderr) ?? []
  const standing = await cli.ok('retry', '--continue', id, '--dry-run')
  expect(standing).toBe(`retried 2 runs (action ${id})\nabout 2 runs are left\n`)
  expect(await cli.json('retry', '--continue', id, '--dry-run')).toMatchObject({
    action: { done: 2, cursor: expect.any(String) },
  })
  const second = await cli.run(['retry', '--continue', id.slice(0, 16), '--first', '1'])
  expect(second).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('\n1 of 1 did not complete\nretried 3 runs'),
  })
  expect(second.stdout).toContain('1 run retried first; waiting for the end of each')
  cli.write('bank-is-back', '')
  expect((await cli.run(['cancel', '--continue', id])).stderr).toContain(
    `action ${id} is a retry; continue it with: durable-jobs retry --continue ${id}`,
  )
  expect(await cli.ok('retry', '--continue', id)).toBe(`retried 4 runs (action ${id})\n`)
  for (const run of ['a', 'b', 'c', 'once']) expect(await retriesOf(cli, run)).toBe(1)
  expect(await cli.ok('retry', '--continue', id, '--dry-run')).toContain('\nit has ended: none is left\n')
  const retry = ['retry', '--state', 'failed', '--run-again', 'pay once', '--first', '1', '--yes', '--json']
  const good = await cli.run(retry)
  expect(JSON.parse(good.stdout)).toMatchObject({ action: { done: 3 } })
})

test('a signal stops it after the current chunk and prints the command to continue', async () => {
  const { cli } = await failedCharges()
  const slow = cli.start(['retry', 'a', 'b', 'c', '--yes', '--rate', '2/h', '--json'])
  await expect
    .poll(async () => (await cli.json<{ actions: ActionInfo[] }>('actions')).actions[0]?.done)
    .toBe(1)
  const { code, stdout, stderr } = await slow.kill('SIGINT')
  const { action } = JSON.parse(stdout) as ActJson
  expect({ code, action }).toMatchObject({ code: 4, action: { done: 1, cursor: '1' } })
  expect(stderr).toBe(`stopped; continue with: durable-jobs retry --continue ${action.id}\n`)
  expect(await cli.ok('actions', action.id, '--end', '--by', 'ben')).toContain('ended ')
  expect(await cli.json('retry', '--continue', action.id)).toMatchObject({
    action: { done: 1, endedAt: expect.any(Number) },
  })
})

describe('cancel and remove', () => {
  test('by several ids, by a filter, and for all runs', async () => {
    const cli = ownCommandLine()
    for (const id of ['a', 'b', 'c', 'd']) await cli.ok('enqueue', jobFile, 'slow', '--id', id, '--tag', id)
    expect(await cli.ok('cancel', 'a', 'b', '--dry-run')).toBe(
      '2 runs to cancel\nall of them were inspected: 2 ready\n  2 would be cancelled\n',
    )
    expect(await cli.ok('cancel', 'a', 'b', '--yes')).toContain('\ncancelled 2 runs (action act_')
    expect(await cli.ok('cancel', '--tag', 'c', '--yes')).toContain('\ncancelled 1 run (action act_')
    expect(await cli.ok('remove', '--state', 'cancelled', '--older-than', '1h', '--yes')).toBe(
      'no run to remove matches\n',
    )
    expect(await cli.ok('remove', '--all', '--yes')).toContain('\nremoved 3 runs (action act_')
    expect(await statesOf(cli)).toEqual({ d: 'ready' })
    expect((await cli.run(['remove', 'd', 'e', '--yes'])).stdout).toContain('removed 0 runs, refused 2')
  })

  test.each([
    [['cancel'], 'name the runs to cancel, select them with options such as --job, or use --all'],
    [
      ['retry', '--tag', 'red', 'card'],
      "use either ids or options that select runs, not both: 'card' was read as an id",
    ],
    [['retry', 'a', 'b', '--job', 'x'], "not both: 'a', 'b' were read as ids"],
    [['cancel', '--all', '--job', 'x'], '--all selects all runs: omit it'],
    [['cancel', 'a', '--all'], '--all selects all runs: omit it'],
    [['cancel', '--job', ''], 'target.filter.job has no value'],
    [['retry', 'a', 'b', '--from', 'x'], '--from works on one run only'],
    [['remove', '--state', 'gone'], "'gone' is not a state. Allowed choices are scheduled, ready"],
    [['cancel', '--all', '--rate', '20'], "Write runs per time such as '20/s'"],
    [
      ['retry', 'a', '--continue', 'act_x'],
      "--continue takes no ids, the action already has its runs: 'a' was",
    ],
    [
      ['retry', '--continue', 'act_x', '--job', 'x', '--since', '2h', '--run-again', 'y', '--reason', 'z'],
      '--continue takes no --job, --since, --run-again, --reason: the action keeps its own',
    ],
    [['cancel', '--continue', 'act_x', '--all'], '--continue takes no --all'],
    [
      ['retry', '--state', 'ready', '--yes'],
      "runs in state ready can't be retried; use blocked, failed, cancelled, expired",
    ],
  ])('%j is refused', async (args, message) => {
    const cli = ownCommandLine()
    await cli.ok('enqueue', jobFile, 'slow')
    expect(await cli.refused(2, args)).toContain(message)
  })

  test('an id is not read as a prefix of another one, except a prefix of a generated id', async () => {
    const cli = ownCommandLine()
    await cli.ok('enqueue', jobFile, 'slow', '--id', 'invoice-17')
    expect(await cli.refused(1, ['cancel', 'invoice-1'])).toContain("no run 'invoice-1' in this store")
    const several = await cli.run(['cancel', 'invoice-1', 'invoice', '--yes'])
    expect(several).toMatchObject({ code: 3, stdout: expect.stringContaining('cancelled 0 runs, refused 2') })
    expect(await statesOf(cli)).toEqual({ 'invoice-17': 'ready' })
    const { id } = await cli.json<{ id: string }>('enqueue', jobFile, 'slow')
    expect(await cli.ok('cancel', id.slice(0, 12))).toBe(`run ${id} is cancelled\n`)
    expect(await cli.ok('remove', id.slice(0, 12), '--yes')).toBe(`run ${id} is removed\n`)
  })

  test('an unknown action: exit 1', async () => {
    const cli = ownCommandLine()
    await cli.ok('enqueue', jobFile, 'slow')
    for (const args of [
      ['actions', 'act_x'],
      ['retry', '--continue', 'act_x'],
    ]) {
      expect(await cli.refused(1, args)).toContain("no action 'act_x' in this store")
    }
  })
})
