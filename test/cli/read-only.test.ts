import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { aclUser, documentedRules } from '../support/redis/acl-rule.ts'
import { dumpNamespace } from '../support/redis/namespace-dump.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { type Known, populate } from '../support/stores/every-call.ts'
import { makeFormat1 } from '../support/stores/older-file.ts'
import { CommandLine, jobFile, ownCommandLine } from './command-line.ts'

/** Each command that lists or shows, with its arguments. */
const reads: Readonly<Record<string, (known: Known) => readonly string[][]>> = {
  runs: () => [
    ['runs'],
    ['runs', '--job', 'job', '--unique', 'key'],
    ['runs', '--limiter', 'one', '--limit-key', 'a'],
  ],
  show: ({ held }) => [['show', held]],
  explain: ({ waiting }) => [['explain', waiting]],
  attention: () => [['attention']],
  failures: () => [['failures', '--json']],
  events: () => [['events']],
  stats: () => [['stats']],
  actions: () => [['actions', '--json']],
  queues: () => [['queues']],
  limits: () => [['limits'], ['limits', 'sliding'], ['limits', 'one', '--key', 'a']],
  unique: () => [['unique'], ['unique', '--job', 'job']],
  schedules: () => [['schedules'], ['schedules', 'ledger', 'report'], ['schedules', 'preview', 'report']],
  workers: () => [['workers']],
  doctor: () => [['doctor']],
}

/** Each command that acts. */
const acts: Readonly<Record<string, (known: Known) => readonly string[][]>> = {
  enqueue: () => [['enqueue', jobFile, 'silent']],
  retry: ({ failed }) => [['retry', failed]],
  cancel: ({ held }) => [['cancel', held]],
  remove: ({ failed }) => [['remove', failed]],
  pause: () => [['pause', 'default']],
  resume: () => [['resume', 'closed']],
  drain: ({ worker }) => [['drain', worker]],
  attention: () => [['attention', 'mute', 'paused-queue:mail', '--for', '1h']],
  limits: () => [['limits', 'one', '--set', 'max=5']],
  schedules: () => ['pause', 'resume', 'trigger', 'remove'].map((act) => ['schedules', act, 'report']),
}

/** Neither: they read no store, create their own, or follow a log. */
const others = ['demo', 'health', 'help', 'work']

function commandsOf(table: typeof reads, known: Known): readonly string[][] {
  return Object.values(table).flatMap((commands) => commands(known))
}

test('this test classifies every command as one that reads or acts', async () => {
  const help = await ownCommandLine().ok('--help')
  const names = [...help.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map(([, name]) => name)
  expect(new Set(names)).toEqual(new Set([...Object.keys(reads), ...Object.keys(acts), ...others]))
})

describe('a Redis user with read-only permissions', () => {
  const cli = new CommandLine()
  const namespace = 'viewed'
  let server: RedisServer
  let known: Known
  let url = ''

  beforeAll(async () => {
    server = await RedisServer.start()
    const store = await openStore(parseStoreConfig({ url: server.url, namespace }))
    known = await populate(store)
    await store.close()
    const rule = documentedRules(namespace, 'secret').read
    url = await aclUser(server, { user: 'viewer', namespace, rule })
  })
  afterAll(async () => {
    await cli.dispose()
    await server.remove()
  })

  test('runs every command that reads', async () => {
    for (const command of commandsOf(reads, known)) {
      const finished = await cli.run([...command, '--store', url])
      // The fleet of this test has a deadlock and no live worker: doctor may find faults, and finds its way to them.
      const code = ['doctor', 'attention'].includes(command[0] ?? '') ? expect.any(Number) : 0
      expect(finished, command.join(' ')).toMatchObject({ code, stderr: '' })
      expect(finished.stdout, command.join(' ')).not.toBe('')
    }
    const { checks } = JSON.parse((await cli.run(['doctor', '--json', '--store', url])).stdout) as {
      checks: { name: string; verdict: string }[]
    }
    expect(checks.find(({ name }) => name === 'scripts')).toMatchObject({ verdict: 'fine' })
  })

  test('gets the missing permission from every command that acts, which changes nothing', async () => {
    const before = await dumpNamespace(server, namespace)
    for (const command of commandsOf(acts, known)) {
      const { code, stdout, stderr } = await cli.run([...command, '--store', url])
      expect([code, stdout], command.join(' ')).toEqual([1, ''])
      expect(stderr, command.join(' ')).toMatch(
        /^durable-jobs: .*: this user may not run the command 'evalsha'; grant \+evalsha; .*docs\/redis\.md.*\n$/,
      )
      expect(stderr).not.toContain('secret')
    }
    const { code, stdout } = await cli.run(['work', jobFile, '--store', url])
    expect(code).toBe(1)
    expect(stdout).toMatch(/this user may not run the command 'evalsha'.*"msg":"the worker could not start"/)
    expect(await dumpNamespace(server, namespace)).toEqual(before)
  })
})

test('every command that reads leaves a SQLite file of an older version unchanged', async () => {
  const cli = ownCommandLine()
  const path = join(cli.folder, 'jobs.db')
  const store = await openStore(parseStoreConfig(`sqlite:${path}`))
  const known = await populate(store)
  await store.close()
  makeFormat1(path)
  const before = readFileSync(path)
  for (const command of ['runs', 'queues', 'workers', 'doctor']) {
    for (const args of reads[command]?.(known).slice(0, 1) ?? []) {
      const finished = await cli.run([...args, '--store', 'sqlite:jobs.db'])
      expect(finished, command).toMatchObject({ stderr: '', stdout: expect.stringMatching(/./) })
    }
  }
  const doctor = await cli.run(['doctor', '--store', 'sqlite:jobs.db'])
  expect(doctor.stdout).toMatch(
    /\nwarning {2}format {8}version 1, read as it is; this durable-jobs writes version \d/,
  )
  expect(readFileSync(path).equals(before)).toBe(true)
})
