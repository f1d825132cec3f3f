import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textWidth } from '../../runtime/cli/plain-text.ts'
import { openStore } from '../../runtime/store/open-store.ts'
import { parseStoreConfig } from '../../runtime/store/store-config.ts'
import { inThePast } from '../support/incidents/in-the-past.ts'
import { newRun } from '../support/stores/store-inputs.ts'
import { CommandLine } from './command-line.ts'
import { charge } from './long-names.ts'
import { loseInTask } from './lose-in-task.ts'

const cli = new CommandLine()
const file = new URL('./long-names.ts', import.meta.url).pathname
const columns = 80
const by = ['--by', 'ana@operations-laptop']
let fingerprint = ''
/** The output of a retry of the first of these failures. */
let first = ''

/** The output in a terminal of 80 columns. */
async function shown(...args: string[]): Promise<string> {
  const terminal = `for (const stream of [process.stdout, process.stderr]) Object.assign(stream, { isTTY: true, columns: ${columns}, getColorDepth: () => 1 })`
  const { stdout, stderr } = await cli.run(args, {
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(terminal)}`,
  })
  return stripVTControlCharacters(stdout + stderr)
}

/** Runs, a worker, failures, limiters, schedules, an action and operations, all with long names. */
beforeAll(async () => {
  await inThePast(`sqlite:${cli.folder}/.durable-jobs/jobs.db`, 5 * 3_600_000, async ({ jobs }) => {
    await jobs.schedules.put('nightly-reconciliation', charge, {
      ...{ cron: '*/10 * * * *', timeZone: 'Europe/Berlin', missed: 'one', overlap: 'skip' },
      input: { order: 3 },
    })
  })
  const worker = await cli.work(file, '--name', 'worker-7f9c4d5b6-x2lqp-1234')
  await cli.run(['enqueue', file, 'charge-credit-card', '{"order":1}', '--id', 'declined', '--wait'])
  await cli.run(['enqueue', file, 'charge-credit-card', '{"order":2}', '--id', 'timed-out', '--wait'])
  await cli.run(['enqueue', file, 'charge-credit-card', '{"order":3}', '--wait'])
  await cli.ok('schedules', 'pause', 'nightly-reconciliation', ...by, '--reason', 'audit')
  await cli.ok('schedules', 'trigger', 'nightly-reconciliation', ...by)
  const { failures } = await cli.json<{ failures: { fingerprint: string }[] }>('failures')
  fingerprint = failures[0]?.fingerprint ?? ''
  const some = ['--fingerprint', fingerprint, '--first', '1', '--yes', ...by]
  first = (await cli.run(['retry', ...some])).stdout
  await cli.ok('limits', 'card-provider-requests', '--set', 'limit=5', ...by)
  await cli.ok('retry', 'declined', ...by, '--reason', 'the customer paid by now')
  await worker.kill('SIGKILL')
  const store = await openStore(parseStoreConfig(`sqlite:${cli.folder}/.durable-jobs/jobs.db`))
  await store.enqueue([newRun()])
  const lost = await loseInTask(store, '0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a', 'worker-7f9c4d5b6-9kqzt-1234')
  await store.explainLoss(lost.lease, { kind: 'unhealthy', killedAfterMs: 120_000, text: 'Task failed' })
  await store.close()
  await cli.ok('pause', 'transactional-mails', ...by, '--reason', 'a storm of mails')
  for (let i = 0; i < 3; i++) await cli.ok('enqueue', file, 'charge-credit-card', '{"order":5}')
})
afterAll(() => cli.dispose())

describe.concurrent('no line is wider than a screen of 80 columns', () => {
  test.each([
    'runs',
    'runs --state failed',
    'show declined',
    'show timed-out',
    'explain declined',
    'failures',
    'failures FINGERPRINT',
    'queues',
    'stats',
    'limits',
    'limits card-provider-requests',
    'limits card-provider-requests --key KEY',
    'unique',
    'schedules',
    'schedules ledger nightly-reconciliation',
    'schedules ledger charge-credit-card',
    'schedules preview nightly-reconciliation',
    'workers',
    'events',
    'actions',
    'attention',
    'doctor',
    'retry --fingerprint FINGERPRINT --dry-run',
    'retry declined --dry-run',
    'retry --help',
    'runs --since yesterday',
  ])('%s', async (command) => {
    const text = await shown(...command.replace('FINGERPRINT', fingerprint).split(' '))
    expect(text).not.toBe('')
    const wide = text.split('\n').filter((line) => textWidth(line) > columns)
    expect(wide).toEqual([])
  })
})

test('the end of a run of higher priority is a sentence', () => {
  expect(first).toMatch(/^ {2}\S+ failed: charge card: card declined: insufficient funds/m)
})
