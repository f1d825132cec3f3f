import { describe, expect, test } from 'vitest'
import type { RunningStep } from '../../../runtime/model/run.ts'
import { boundOpenSteps, type OpenStep } from '../../../runtime/store/open-steps.ts'
import { OpenStepsReport } from '../../../runtime/worker/open-steps-report.ts'
import { defineJob, type Jobs, limits } from '../../../sdk/index.ts'
import { gate, openFixture } from '../../support/fixture.ts'

function open(path: string, openMs: number, run = 'run'): OpenStep {
  return { run, fence: 1, path, openMs }
}

async function shownStep(jobs: Jobs, id: string): Promise<RunningStep | undefined> {
  const run = await jobs.inspector.run(id)
  return run?.state === 'running' ? run.step : undefined
}

describe('a worker’s report of its open steps', () => {
  test('has those that are open for more than a second, the longest first', () => {
    const steps = [open('a', 1_000), open('b', 1_000.6), open('c', 90_000)]
    expect(boundOpenSteps(steps)).toEqual([open('c', 90_000), open('b', 1_001)])
  })

  test('has paths cut at 120 bytes and never inside a character', () => {
    const [cut] = boundOpenSteps([open(`${'x'.repeat(118)}äöü`, 2_000)])
    expect(cut?.path).toBe(`${'x'.repeat(118)}ä`)
    const [shorter] = boundOpenSteps([open(`${'x'.repeat(119)}😀`, 2_000)])
    expect(shorter?.path).toBe('x'.repeat(119))
    const [whole] = boundOpenSteps([open('x'.repeat(120), 2_000)])
    expect(whole?.path).toBe('x'.repeat(120))
  })

  test('takes at most 8 KiB: of more, the longest open are listed', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => open('p'.repeat(400), 2_000 + i, `run-${i}`))
    const told = boundOpenSteps(many)
    expect(JSON.stringify(told).length).toBeLessThanOrEqual(8_192)
    expect(told.length).toBeGreaterThan(40)
    expect(told[0]?.run).toBe('run-999')
    expect(told.at(-1)?.run).toBe(`run-${1_000 - told.length}`)
  })

  test('is empty while no step is open, and says once that the last one has ended', () => {
    const report = new OpenStepsReport()
    expect(report.next([])).toBeUndefined()
    expect(report.next([open('a', 500)])).toBeUndefined()
    expect(report.next([open('a', 2_000)])).toEqual({ n: 1, agoMs: 0, steps: [open('a', 2_000)] })
    expect(report.next([])).toEqual({ n: 2, agoMs: 0, steps: [] })
    expect(report.next([])).toBeUndefined()
    report.doubt()
    expect(report.next([])).toEqual({ n: 3, agoMs: 0, steps: [] })
    report.doubt()
    report.forget()
    expect(report.next([])).toBeUndefined()
  })
})

describe('an open step', () => {
  test('has a running body: it does not sleep, wait for a limit or pause before its next try', async () => {
    const { jobs, work } = await openFixture()
    const one = limits.concurrency({ name: 'one', max: 1 })
    const end = gate()
    const job = defineJob<{ holds: boolean }, void>({ name: 'job' }, async ({ step, input }) => {
      const held = step.run('held', () => end.opened, { limits: [{ limiter: one }] })
      if (input.holds) return held
      await step.run('before', () => undefined)
      await Promise.all([
        held,
        step.sleep('nap', '3s'),
        step.run('flaky', ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('once')) : undefined), {
          retry: { maxAttempts: 2, initialInterval: '3s' },
        }),
        step.run('work', () => end.opened),
      ])
    })
    await work(job, { lease: '1s' })
    const holder = await jobs.enqueue(job, { holds: true })
    await expect.poll(() => shownStep(jobs, holder.id)).toMatchObject({ path: 'held' })
    const handle = await jobs.enqueue(job, { holds: false })
    await expect.poll(() => shownStep(jobs, handle.id)).toMatchObject({ path: 'work' })
    end.open()
    await handle.result({ timeout: '2m' })
  })

  test('can be the job’s onFailed too', async () => {
    const { jobs, work } = await openFixture()
    const end = gate()
    const job = defineJob({ name: 'job', retry: false, onFailed: () => end.opened }, () =>
      Promise.reject(new Error('no')),
    )
    await work(job, { lease: '1s' })
    const handle = await jobs.enqueue(job)
    await expect.poll(() => shownStep(jobs, handle.id)).toMatchObject({ path: '$onFailed' })
    end.open()
    await handle.result({ timeout: '2m' }).catch(() => undefined)
  })
})
