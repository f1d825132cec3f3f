import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../runtime/attention/finding.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { connect } from '../../sdk/index.ts'
import { inThePast } from '../support/incidents/in-the-past.ts'
import { mail, sync } from '../support/incidents/jobs/orders.ts'
import { cliFile } from '../support/processes/program-file.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { TestWorker } from '../support/stores/test-worker.ts'
import { CommandLine } from './command-line.ts'

interface AttentionJson {
  readonly findings: readonly Finding[]
  readonly muted: number
}

describe('attention', () => {
  const cli = new CommandLine()
  const id = 'paused-queue:mail'
  beforeAll(async () => {
    const jobs = await connect(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`)
    await jobs.pauseQueue('mail', { by: 'ana', reason: 'provider is down' })
    await jobs.pauseQueue('later')
    await jobs.enqueue(mail)
    await jobs.enqueue(mail, undefined, { delay: '1h' })
    await jobs.close()
  })
  afterAll(() => cli.dispose())

  async function attention(
    ...args: readonly string[]
  ): Promise<{ code: number | null; found: AttentionJson }> {
    const { code, stdout } = await cli.run(['attention', '--json', ...args])
    return { code, found: JSON.parse(stdout) as AttentionJson }
  }

  test('reports a full stdout in one line, and exits with 2', async () => {
    const main = cliFile()
    const line = '"$@" 2>&1 > /dev/full; echo code $?'
    const command = ['-c', line, 'bash', process.execPath, main, 'attention']
    const { stdout } = await promisify(execFile)('bash', command, { cwd: cli.folder })
    expect(stdout).toMatch(/^durable-jobs: can't write to stdout: .*ENOSPC.*\ncode 2\n$/)
  })

  test('prints findings with the command to run next, and exits with 3', async () => {
    const { code, stdout, stderr } = await cli.run(['attention'])
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    expect(stdout).toMatch(
      /^warning {3}paused-queue:mail {2}for .*\n {2}Queue 'mail' is paused by ana \(provider is down\) and holds 2 runs, the oldest ready for .*\.\n {2}next: durable-jobs resume mail\n\n1 warning\n$/,
    )
    const named = await cli.run(['attention', '--store', `sqlite:${cli.folder}/.durable-jobs/jobs.db`])
    expect(named.stdout).toContain(`next: durable-jobs resume mail --store sqlite:${cli.folder}`)
  })

  test('prints JSON, filtered by minimum severity', async () => {
    const { code, found } = await attention('--severity', 'warning')
    expect(code).toBe(3)
    expect(found).toMatchObject({
      findings: [
        {
          id,
          kind: 'paused-queue',
          severity: 'warning',
          filter: { queue: 'mail' },
          since: expect.any(Number),
        },
      ],
      muted: 0,
    })
    expect(await attention('--severity', 'critical')).toEqual({ code: 0, found: { findings: [], muted: 0 } })
    const { stdout } = await cli.run(['attention', '--severity', 'critical'])
    expect(stdout).toBe('nothing needs attention\n')
    expect(await cli.refused(2, ['attention', '--severity', 'bad'])).toMatch(
      /Allowed choices are critical, warning/,
    )
  })

  test('a mute hides a finding until it is unmuted', async () => {
    const who = ['--by', 'ana', '--reason', 'known']
    expect(await cli.ok('attention', 'mute', id, '--for', '2h', ...who)).toMatch(
      /^paused-queue:mail is muted until 20.*Z; end it before with: durable-jobs attention unmute paused-queue:mail\n$/,
    )
    const { code, stdout } = await cli.run(['attention'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'nothing needs attention; 1 muted (--muted shows it)\n',
    })
    const muted = await cli.run(['attention', '--muted'])
    expect(muted.code).toBe(3)
    expect(muted.stdout).toMatch(/^ {2}muted until 20.*Z by ana: known$/m)
    expect(await attention()).toMatchObject({ code: 0, found: { findings: [], muted: 1 } })
    expect(await cli.json('attention', 'unmute', id)).toEqual({ finding: id, wasMuted: true })
    expect(await cli.ok('attention', 'unmute', id)).toBe('paused-queue:mail was not muted\n')
    expect((await attention()).code).toBe(3)
    expect(await cli.ok('attention', 'mute', 'nosuch', '--for', '2h')).toMatch(
      /^nosuch is muted until 20\S*Z \(no such finding now\); end it before with: .*\n$/,
    )
    expect(await cli.json('attention', 'mute', id, '--for', '2h')).toMatchObject({ finding: id, found: true })
    await cli.ok('attention', 'unmute', id)
    expect(await cli.refused(2, ['attention', 'mute', id])).toMatch(/--for/)
    expect(await cli.refused(2, ['attention', 'mute', id, '--for', '31d'])).toMatch(/at most 30 days/)
  })

  test('each finding has its own lines, and an age only if its start is known', async () => {
    const jobs = await connect(`sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`)
    await jobs.pauseQueue('mail', { by: 'eve', reason: 'down\ncritical  all is lost\u202e' })
    const run = await jobs.enqueue(sync, {}, { delay: '1h' })
    const { stdout } = await cli.run(['attention'])
    await jobs.run(run.id).cancel()
    await jobs.close()
    expect(stdout).toMatch(
      /^ {2}Queue 'mail' is paused by eve \(down critical {2}all is lost\) and holds 2 runs/m,
    )
    expect(stdout).not.toMatch(/^critical/m)
    expect(stdout).toMatch(
      /^notice {4}unserved:sync\/default\n {2}1 run of job 'sync' is in queue 'default'/m,
    )
  })

  test('an unreachable store: exit code 2', async () => {
    const args = ['attention', '--store', 'redis://127.0.0.1:1']
    expect(await cli.refused(2, args)).toMatch(/can't be reached/)
    const { stderr } = await cli.run([...args, '--json'])
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } })
    expect(await cli.refused(2, ['attention', '--store', 'sqlite:none.db'])).toMatch(/there is no store/)
  })

  test('a file that isn’t a store: exit code 1', async () => {
    writeFileSync(join(cli.folder, 'damaged.db'), 'damaged '.repeat(1_000))
    await cli.refused(1, ['attention', '--store', 'sqlite:damaged.db'])
  })
})

test('attention reports runs that can’t get scale-in protection, and the command that explains one', async () => {
  const cli = new CommandLine()
  const url = `sqlite:${join(cli.folder, '.durable-jobs/jobs.db')}`
  await inThePast(url, 300_000, ({ store }) =>
    store.enqueue([newRun({ id: 'first', protect: true }), newRun({ id: 'second', protect: true })]).then(),
  )
  const store = await openStore(parseStoreConfig(url))
  const detail = 'the task has no role'
  const state = { kind: 'refused', code: 'AccessDeniedException', detail, retryInMs: 60_000 } as const
  const protection = { mode: 'required', state, users: 0, protectedForMs: 0 } as const
  await TestWorker.register(store, { leaseMs: 86_400_000, report: { n: 1, agoMs: 0, protection } })
  const { code, stdout } = await cli.run(['attention', '--severity', 'critical'])
  expect({ code, stdout }).toEqual({
    code: 3,
    stdout: expect.stringMatching(
      /^critical {2}unprotected:job\/default {2}for 5m.*\n {2}2 runs of job 'job' .*\(AccessDeniedException: the task has no role; .*ecs:UpdateTaskProtection; next try in .*\)\.\n.*next: durable-jobs explain first\n/s,
    ),
  })
  expect(await cli.ok('explain', 'first')).toContain('ecs:UpdateTaskProtection')
  await store.close()
  await cli.dispose()
})
