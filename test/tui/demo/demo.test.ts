import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { Jobs } from '../../../runtime/client/client.ts'
import type { OperationEvent, OperationName } from '../../../runtime/store/events.ts'
import { startDemo } from '../../../tui/demo/demo.ts'
import { runs } from '../../support/processes/process-state.ts'

function folderOf(url: string): string {
  return dirname(url.slice('sqlite:'.length))
}

async function operations(jobs: Jobs, name: OperationName): Promise<OperationEvent[]> {
  const { events } = await jobs.inspector.events({ log: 'operations', limit: 1_000 })
  return events.flatMap((event) => (event.kind === 'operation' && event.operation === name ? [event] : []))
}

test('the shop keeps running, a killed worker is replaced, and close leaves nothing behind', async () => {
  const demo = await startDemo({ seed: 3 })
  const { jobs } = demo
  const workers = await jobs.inspector.workers()
  try {
    expect(workers.map(({ name, lost }) => [name, lost]).sort()).toEqual([
      ...[
        ['shop-10', false],
        ['shop-11', false],
        ['shop-9', false],
      ],
    ])
    const versions = workers.map((worker) => worker.jobs.find(({ name }) => name === 'fulfil-order')?.version)
    expect(versions.sort()).toEqual([16, 17, 17])
    await expect
      .poll(async () => (await jobs.inspector.limiters()).find(({ name }) => name === 'pdf-renderer'))
      .toMatchObject({ waiting: expect.toSatisfy((waiting: number) => waiting > 3), byHand: { by: 'jonas' } })

    const victim = workers.find(({ name }) => name === 'shop-11')
    process.kill(victim?.pid ?? 0, 'SIGKILL')
    await expect
      .poll(async () =>
        (await operations(jobs, 'worker lost')).filter(({ details }) => details?.cause === 'exit'),
      )
      .toMatchObject([{ subject: 'shop-11' }])
    await expect
      .poll(async () =>
        (await operations(jobs, 'worker joined')).some(({ subject }) => subject === 'shop-12'),
      )
      .toBe(true)
    const before = await enqueued(jobs)
    await expect.poll(() => enqueued(jobs)).toBeGreaterThan(before)
  } finally {
    await demo.close()
    await demo.close()
  }
  expect(existsSync(folderOf(demo.url))).toBe(false)
  expect(workers.filter(({ pid }) => runs(pid))).toEqual([])
})

/** Runs that the web servers have enqueued so far. */
async function enqueued(jobs: Jobs): Promise<number> {
  return (await jobs.inspector.counts()).reduce((sum, { count }) => sum + count, 0)
}

test('a demo whose process is killed leaves no worker and no folder', async () => {
  const process = fork(new URL('./demo-process.ts', import.meta.url), { execArgv: [], stdio: 'ignore' })
  const { url, pids } = await new Promise<{ url: string; pids: number[] }>((resolve) => {
    process.once('message', (message) => resolve(message as { url: string; pids: number[] }))
  })
  expect(pids).toHaveLength(3)
  expect(pids.every(runs)).toBe(true)
  process.kill('SIGKILL')
  await expect.poll(() => pids.filter(runs)).toEqual([])
  await expect.poll(() => existsSync(folderOf(url))).toBe(false)
})

test('a demo killed while it plays the past leaves no folder', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'demo-killed-'))
  const demo = fork(new URL('./demo-process.ts', import.meta.url), {
    ...{ execArgv: [], stdio: 'ignore', env: { ...process.env, TMPDIR: temporary } },
  })
  const made = (): string[] => readdirSync(temporary).filter((name) => name.startsWith('jobs-tui-demo-'))
  await expect.poll(() => made().some((name) => existsSync(join(temporary, name, 'shop.db')))).toBe(true)
  demo.kill('SIGKILL')
  await expect.poll(made).toEqual([])
  await rm(temporary, { recursive: true })
})
