import { expect, test } from 'vitest'
import { defineJob } from '../../../sdk/index.ts'
import { type WaterfallRow, waterfallModel } from '../../../tui/kit/waterfall-model.ts'
import { openFixture } from '../../support/fixture.ts'

const ship = defineJob({ name: 'ship' }, async ({ step }) => {
  let calls = 0
  await step.run('load', () => 1)
  await step.run(
    'charge',
    () => {
      calls += 1
      if (calls === 1) throw new Error('timeout')
    },
    { retry: { maxAttempts: 2, initialInterval: 20, maxInterval: 20 } },
  )
  await step.scope('items', () => step.run('pack', () => 2, { key: 7 }), { key: 'a/b' })
  await step.sleep('rest', '1100ms')
  await step.run('pay', () => 3, { atMostOnce: true })
})

test('the waterfall of a real run shows each of its steps', async () => {
  const { jobs, work } = await openFixture()
  await work(ship)
  const handle = await jobs.enqueue(ship)
  await handle.result({ timeout: '2m' })
  const run = await jobs.inspector.run(handle.id)
  if (run === undefined) throw new Error('the run is gone')
  const journal = await jobs.inspector.journal(handle.id, { after: 0, limit: 500 })
  const history = await jobs.inspector.history(handle.id)
  const executions = await jobs.inspector.executions(handle.id)
  const { rows, live } = waterfallModel({ run, journal, history, executions, now: Date.now() })
  expect(live).toBe(false)
  // How long it was held up, or queued, is the machine's.
  const kinds = ({ spans }: WaterfallRow): string[] =>
    spans.map(({ kind }) => kind).filter((kind) => kind !== 'held up' && kind !== 'queued')
  expect(rows.map((row) => [row.depth, row.label, ...kinds(row)].join(' '))).toEqual([
    '0 ship held held',
    '0 load done',
    '0 charge retried pause done',
    '0 items[a/b] steps',
    '1 pack[7] done',
    '0 rest sleep',
    '0 pay done',
  ])
})
