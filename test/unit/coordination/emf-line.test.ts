import { describe, expect, test } from 'vitest'
import { emfLine } from '../../../runtime/coordination/emf-line.ts'
import { fleetMetrics } from '../../../runtime/coordination/fleet-metrics.ts'
import type { Statistics } from '../../../runtime/store/statistics.ts'
import { expectEmf } from '../../support/expect-emf.ts'
import { now, queue, secondMs, worker } from '../../support/snapshot.ts'

const statistics: Statistics = {
  ...{ range: '5m', now, coveredMs: 300_000, jobs: [], backlogs: [] },
  points: [
    { at: now - 120_000, enqueued: 0, started: 1, completed: 1, failed: 0 },
    { at: now - 60_000, enqueued: 9, started: 7, completed: 5, failed: 2 },
    { at: now, enqueued: 0, started: 0, completed: 0, failed: 0 },
  ],
}

describe('an EMF line', () => {
  test('is a document of the embedded metric format, whatever the queue’s name', () => {
    const { fleet, queues } = fleetMetrics({ queues: [queue('q', { ready: 1 })], workers: [], statistics })
    for (const dimensions of [{}, { Queue: 'imports' }, { Queue: `"\n ü ${'x'.repeat(2_000)}` }]) {
      const line = emfLine({ namespace: 'shop/jobs', at: now + 0.4, dimensions, metrics: fleet })
      expectEmf(line)
      expect(line).not.toContain('\n')
    }
    expectEmf(
      emfLine({ namespace: 'x', at: now, dimensions: { Queue: 'q' }, metrics: queues[0]?.metrics ?? {} }),
    )
  })

  test('has the values at its root', () => {
    const metrics = { Ready: [3, 'Count'], OldestReady: [1_500, 'Milliseconds'] } as const
    expect(JSON.parse(emfLine({ namespace: 'jobs', at: now, dimensions: { Queue: 'a' }, metrics }))).toEqual({
      _aws: {
        Timestamp: now,
        CloudWatchMetrics: [
          {
            Namespace: 'jobs',
            Dimensions: [['Queue']],
            Metrics: [
              { Name: 'Ready', Unit: 'Count' },
              { Name: 'OldestReady', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      ...{ Queue: 'a', Ready: 3, OldestReady: 1_500 },
    })
  })
})

describe('the metrics of a fleet', () => {
  const valuesOf = (...given: [Partial<Parameters<typeof fleetMetrics>[0]>]): Record<string, number> => {
    const { fleet } = fleetMetrics({ queues: [], workers: [], statistics, ...given[0] })
    return Object.fromEntries(Object.entries(fleet).map(([name, [value]]) => [name, value]))
  }

  test('are waiting runs, their age, busy slots, and runs that ended in the last whole minute', () => {
    const queues = [
      queue('a', { ready: 12, waiting: 3, scheduled: 100, oldestReadyMs: 5 * secondMs }),
      queue('b', { ready: 1, oldestReadyMs: 90 * secondMs }),
      // Its runs wait for an operator, not for a worker.
      queue('c', { ready: 50, paused: { by: 'ana', at: now }, oldestReadyMs: 900 * secondMs }),
    ]
    const workers = [
      worker('w1', {}, { concurrency: 10, running: 9 }),
      // Two of its runs have left their slots.
      worker('w2', {}, { concurrency: 10, running: 12, draining: true }),
      worker('w3', {}, { concurrency: 10, running: 7, lost: true }),
    ]
    expect(valuesOf({ queues, workers })).toEqual({
      ...{
        Ready: 13,
        Backlog: 66,
        OldestReady: 90_000,
        BusySlots: 19,
        Slots: 10,
        Workers: 1,
        Utilization: 220,
      },
      ...{ Started: 7, Completed: 5, Failed: 2 },
    })
  })

  test('of an idle fleet are zeros, and of one without workers report missing workers', () => {
    const idle = valuesOf({ workers: [worker('w', {}, { concurrency: 10, running: 0 })] })
    expect(idle).toMatchObject({ Ready: 0, OldestReady: 0, Utilization: 0, Workers: 1 })
    expect(valuesOf({ queues: [queue('a', { ready: 2 })] })).toMatchObject({ Utilization: 200, Slots: 0 })
  })

  test('by queue cover the 20 with the largest backlogs', () => {
    const queues = Array.from({ length: 30 }, (_, i) => queue(`q${i}`, { ready: i }))
    const { fleet, queues: named } = fleetMetrics({ queues, workers: [], statistics })
    // The maximum in docs/fargate.md.
    expect(Object.keys(fleet).length + named.flatMap((one) => Object.keys(one.metrics)).length).toBe(90)
    expect(named.map((one) => one.queue)).toEqual(Array.from({ length: 20 }, (_, i) => `q${29 - i}`))
    expect(named[0]?.metrics).toMatchObject({ Ready: [29, 'Count'], Backlog: [29, 'Count'] })
  })
})
