import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../sdk/index.ts'
import { RedisServer } from '../support/redis/redis-server.ts'
import { CommandLine, jobFile } from './command-line.ts'

const cli = new CommandLine()
let server: RedisServer

beforeAll(async () => {
  server = await RedisServer.start({ appendOnly: true, config: { 'maxmemory-policy': 'noeviction' } })
})
afterAll(async () => {
  await cli.dispose()
  await server.remove()
})

test('followed and watched output resumes at the same position after an outage', async () => {
  const store = ['--store', server.url]
  await cli.ok('enqueue', jobFile, 'silent', '--id', 'first', ...store)
  const events = cli.start(['events', '--follow', '--log', 'operations', ...store])
  const eventLines = cli.start(['events', '--follow', '--json', '--log', 'operations', ...store])
  const runs = cli.start(['runs', '--watch', ...store])
  const runLines = cli.start(['runs', '--watch', '--json', ...store])
  const commands = [events, eventLines, runs, runLines]
  await cli.ok('pause', 'before', '--by', 'ana', ...store)
  await Promise.all([
    events.said("queue 'before' paused"),
    eventLines.said('"before"'),
    runs.said('first'),
    runLines.said('"first"'),
  ])

  await server.stop()
  await Promise.all(commands.map((command) => command.warned('the store is unavailable: ')))
  await server.restart()
  await Promise.all(commands.map((command) => command.warned('the store is back')))

  const jobs = await connect(server.url)
  await jobs.pauseQueue('after', { by: 'ben' })
  await jobs.close()
  await cli.ok('enqueue', jobFile, 'silent', '--id', 'second', ...store)
  await Promise.all([
    events.said("queue 'after' paused"),
    eventLines.said('"after"'),
    runs.said('second'),
    runLines.said('"second"'),
  ])
  for (const command of commands) {
    const { code, stdout, stderr } = await command.kill('SIGINT')
    expect(code).toBe(0)
    expect(stdout).not.toMatch(/gap/)
    expect(stderr).toMatch(/^the store is unavailable: .*; continuing once it is back\nthe store is back\n$/)
  }
  expect(events.stdout.match(/'before' paused/g)).toHaveLength(1)
})
