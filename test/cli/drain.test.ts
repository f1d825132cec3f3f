import { expect, test } from 'vitest'
import type { WorkerInfo } from '../../runtime/store/worker-info.ts'
import { holdFile, ownCommandLine } from './command-line.ts'

test('workers reports why a worker drains, and the time it has left', async () => {
  const cli = ownCommandLine()
  const worker = await cli.work(holdFile, '--name', 'w1', '--stop-timeout', '1h')
  await cli.ok('enqueue', holdFile, 'hold', '--id', 'held')
  await worker.said('holding')
  expect(await cli.ok('workers')).not.toContain('DRAINED BY')
  await cli.ok('drain', 'w1', '--by', 'ana', '--reason', 'new kernel')
  const drain = async (): Promise<WorkerInfo['drain']> =>
    (await cli.json<{ workers: WorkerInfo[] }>('workers')).workers[0]?.drain
  while ((await drain())?.leftMs === undefined);
  expect(await drain()).toMatchObject({ cause: 'order', by: 'ana', reason: 'new kernel' })
  const [title = '', row = ''] = (await cli.ok('workers')).split('\n')
  expect(title).toMatch(/STATE +DRAINED BY +LEADS/)
  expect(row).toMatch(/^w1 .* 1\/10 +draining, 59m\S+ left +ana: new kernel /)
})
