import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import type { Store } from '../../runtime/store/store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { CommandLine } from './command-line.ts'

const cli = new CommandLine()
const taskId = '0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a'
const task = {
  taskArn: `arn:aws:ecs:eu-central-1:111122223333:task/jobs/${taskId}`,
  ...{ cluster: 'jobs', region: 'eu-central-1', family: 'imports', revision: '7', zone: 'eu-central-1b' },
  ...{ process: 'a1b2', upMs: 1_000 },
} as const
const refused = {
  kind: 'refused',
  code: 'DEPLOYMENT_BLOCKED',
  detail: 'too many',
  retryInMs: 86_400_000,
} as const
const protection = {
  mode: 'required',
  state: refused,
  users: 0,
  protectedForMs: 0,
  sharesTask: true,
} as const
const drain = { cause: 'signal', signal: 'SIGTERM', agoMs: 0, leftMs: 86_400_000 } as const
const drainPlan = [{ run: 'run-in-step', plan: 'finishing step', path: 'pages/3' }] as const
let store: Store

/** A worker in a task, which ECS refuses protection; another one that drains. */
beforeAll(async () => {
  store = await openStore(parseStoreConfig(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`))
  const leaseMs = 86_400_000
  const inTask = await TestWorker.register(store, {
    ...{ leaseMs, name: 'ip-10-0-1-23:7:ab12cd' },
    report: { n: 1, agoMs: 0, task, protection },
  })
  const draining = await TestWorker.register(store, { leaseMs, name: 'draining' })
  await draining.renew({ draining: true, drain, report: { n: 1, agoMs: 0, drainPlan } })
  await store.enqueue([newRun({ id: 'waits', protect: true }), newRun({ id: 'here' })])
  for (let execution = 1; execution <= 2; execution++) {
    const run = (await inTask.claimAs('none')).runs[0]
    if (run === undefined) throw new Error('there was a run to claim')
    await inTask.settle(run, { kind: 'released' })
  }
})
afterAll(async () => {
  await store?.close()
  await cli.dispose()
})

test('workers shows task, revision, zone and protection, and why a worker can’t have protection', async () => {
  const { code, stdout, stderr } = await cli.run(['workers'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/DRAINED BY +PROTECTION +TASK +REVISION +ZONE +LEADS/)
  expect(stdout).toMatch(
    new RegExp(`refused DEPLOYMENT_BLOCKED, task shared +${taskId} +imports:7 +eu-central-1b`),
  )
  expect(stdout).toMatch(/^DRAINING +RUN +PLAN\ndraining +run-in-step +finishes 'pages\/3', cut in (1d|23h)/m)
  expect(stderr).toMatch(
    /ab12cd: another live process works in its task .*; run one worker process per task\./,
  )
  expect(stderr).toMatch(/ab12cd: protection was refused \(DEPLOYMENT_BLOCKED: too many\); it asks again in /)
})

test('workers prints all of it as JSON', async () => {
  const { stdout } = await cli.run(['workers', '--json'])
  const { process, upMs: _, ...identity } = task
  expect(JSON.parse(stdout)).toMatchObject({
    workers: [
      {
        task: { ...identity, process },
        protection: { mode: 'required', state: { code: 'DEPLOYMENT_BLOCKED' } },
      },
      { drain: { cause: 'signal', runs: drainPlan } },
    ],
  })
})

test('at 80 columns no line of workers is wider, and protection is included', async () => {
  const terminal =
    'for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: 80, getColorDepth: () => 1 })'
  const { stdout, stderr } = await cli.run(['workers'], {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(terminal)}`,
  })
  const lines = stripVTControlCharacters(stdout + stderr).split('\n')
  expect(lines.filter((line) => textWidth(line) > 80)).toEqual([])
  expect(lines[0]).toMatch(/WORKER +RUNS +STATE +PROTECTION +JOBS/)
})

test('show reports the task of each execution', async () => {
  const text = await cli.ok('show', 'here')
  expect(text).toMatch(/EXECUTION +CLAIMED +QUEUED +WORKER +TASK/)
  expect(text).toContain(taskId)
  expect(await cli.json('show', 'here')).toMatchObject({ executions: [{ task: taskId }, { task: taskId }] })
})

test('explain reports that ECS refuses protection to the worker that a run waits for', async () => {
  const text = (await cli.ok('explain', 'waits')).replaceAll(/\s+/g, ' ')
  expect(text).toContain(
    'It waits for a worker with scale-in protection; 1 worker was refused protection by ECS (DEPLOYMENT_BLOCKED: too many; raise the desired count',
  )
  expect(await cli.ok('runs')).toContain('ECS refuses scale-in protection: DEPLOYMENT_BLOCKED')
})
