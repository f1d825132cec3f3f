import { describe, expect, test } from 'vitest'
import type { Overview } from '../../runtime/store/overview.ts'
import type { Inspector } from '../../runtime/store/store.ts'
import { tableLines } from '../../tui/kit/table-lines.ts'
import type { ViewProps } from '../../tui/screens/screen.ts'
import { workerColumns } from '../../tui/screens/workers/columns.ts'
import { rolloutLines, workerDetail } from '../../tui/screens/workers/detail.ts'
import { rolloutsOf } from '../../tui/screens/workers/rollouts.ts'
import { type WorkerRow, workerRows } from '../../tui/screens/workers/rows.ts'
import { loadHeld, type WorkersData } from '../../tui/screens/workers/workers-data.ts'
import { hourMs, minuteMs, now, operation, secondMs, snapshot, worker } from '../support/snapshot.ts'
import { fleetOf, runOf, screenInput } from './support/given.ts'

const target = { screen: 'workers' } as const

function rowsOf(over: Partial<Overview>, filter = ''): readonly WorkerRow[] {
  return workerRows(screenInput<WorkersData>({ target: { ...target, filter }, fleet: fleetOf(over) }))
}

/** Two workers of the new version, two of the old one, of which one drains. */
const deploy: Partial<Overview> = {
  workers: [
    worker('new-1', { pay: 2, mail: 1 }, { running: 3 }),
    worker('new-2', { pay: 2 }, { running: 1, startedAt: now - 4 * minuteMs }),
    worker('old-1', { pay: 1 }, { running: 2 }),
    worker('old-2', { pay: 1 }, { running: 1, draining: true }),
    worker('other', { report: 1 }),
  ],
  longestHeld: [
    { run: 'x', job: 'pay', queue: 'q', version: 2, worker: 'new-1', heldMs: 90_000 },
    { run: 'y', job: 'pay', queue: 'q', version: 1, worker: 'old-1', heldMs: 60_000 },
  ],
}

const taskArn = 'arn:aws:ecs:eu-central-1:111122223333:task/jobs/0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a'
const inTask = worker(
  'a',
  { pay: 1 },
  {
    task: {
      ...{ taskArn, cluster: 'arn:aws:ecs:eu-central-1:111122223333:cluster/jobs', region: 'eu-central-1' },
      ...{
        family: 'imports',
        revision: '7',
        zone: 'eu-central-1b',
        launchType: 'FARGATE',
        service: 'workers',
      },
      ...{ process: 'p', startedAt: now },
    },
    protection: {
      ...{ mode: 'required', users: 0, protectedForMs: 0, sharesTask: true },
      state: { kind: 'refused', code: 'DEPLOYMENT_BLOCKED', detail: 'too many', retryInMs: 5_000 },
    },
  },
)

describe('rows', () => {
  test('show task, revision, zone and protection of a worker in a task, by width', () => {
    const shown = (columns: number, workers = [inTask]): readonly string[] => {
      const props = viewProps({ fleet: fleetOf({ workers }) })
      const lines = tableLines({
        ...{ ...props, columns: workerColumns(props), width: columns },
        window: { rows: workerRows(props), first: 0, cursor: 0 } as never,
      })
      return lines.map((line) => line.map(({ text }) => text).join(''))
    }
    const [title = '', row = ''] = shown(200)
    expect(title).toMatch(/PROTECTED +TASK +REVISION +ZONE +HOST/)
    expect(row).toMatch(
      /refused DEPLOYMENT_BLOCKED, task shared +0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a +imports:7 +eu-central-1b/,
    )
    const [narrow = ''] = shown(80)
    expect(narrow).toMatch(/PROTECTED +TASK +/)
    expect(narrow).not.toMatch(/ZONE|HOST/)
    expect(shown(200, [worker('a')])[0]).not.toMatch(/TASK|PROTECTED/)
  })

  test('are found by task, revision and zone', () => {
    const ids = (filter: string) => rowsOf({ workers: [inTask, worker('b')] }, filter).map(({ id }) => id)
    expect([ids('0af5b9f4'), ids('imports:7'), ids('eu-central-1b')]).toEqual([['a'], ['a'], ['a']])
  })

  test('start with lost workers; during a deploy old code is grouped, draining workers first', () => {
    const workers = [...(deploy.workers ?? []), worker('dead', { pay: 1 }, { lost: true })]
    expect(rowsOf({ workers }).map(({ id, state, part }) => [id, state, part])).toEqual([
      ['dead', 'lost', undefined],
      ['old-2', 'draining', 'old'],
      ['old-1', 'working', 'old'],
      ['other', 'working', undefined],
      ['new-1', 'working', 'new'],
      ['new-2', 'working', 'new'],
    ])
  })

  test('include a worker whose runs were already reclaimed, from the log, for an hour', () => {
    const operations = [
      operation('worker lost', 2 * hourMs, { subject: 'long ago' }),
      operation('worker lost', minuteMs, { subject: 'gone', count: 3, details: { cause: 'exit' } }),
      operation('worker lost', minuteMs, { subject: 'back' }),
      operation('worker cut', 30 * secondMs, { subject: 'back' }),
      operation('worker lost', minuteMs, { subject: 'dead' }),
    ]
    const rows = rowsOf({ operations, workers: [worker('dead', {}, { lost: true })] })
    expect(rows.map(({ id, state }) => [id, state])).toEqual([
      ['dead', 'lost'],
      ['gone', 'gone'],
    ])
    expect(rows[1]?.thing).toBeUndefined()
    expect(rows[1]?.opensNothing).toBe('gone is gone: the 3 runs that it held were taken back')
  })

  test('show the leader', () => {
    const leaders = [{ role: 'leader', term: 4, worker: 'a', since: now, termLeftMs: 1, duties: {} }]
    const workers = [worker('a'), worker('b')]
    expect(rowsOf({ workers, leaders }).map(({ leads }) => leads)).toEqual([['leader'], []])
  })

  test('are filtered by job, queue, state and code', () => {
    const ids = (filter: string) => rowsOf(deploy, filter).map(({ id }) => id)
    expect(ids('job:mail')).toEqual(['new-1'])
    expect(ids('draining')).toEqual(['old-2'])
    expect(ids('old code')).toEqual(['old-2', 'old-1'])
    expect(ids('queue:default')).toHaveLength(5)
  })

  test('link to the runs held and to the queues', () => {
    const data: WorkersData = { worker: 'a', held: [runOf('r1')], isWhole: true }
    const fleet = fleetOf({ workers: [worker('a', { pay: 1 }), worker('b', {}, { queues: ['x', 'y'] })] })
    const [a, b] = workerRows(screenInput({ target, fleet, data }))
    expect(a?.target).toEqual({ screen: 'runs', filter: 'worker:a' })
    expect(a?.jumps?.map((jump) => jump.target)).toEqual([
      { screen: 'run', subject: 'r1' },
      { screen: 'queues', row: 'default' },
    ])
    expect(b?.jumps?.map(({ label }) => label)).toEqual(['queue x', 'queue y'])
  })
})

describe('a deploy', () => {
  test('is a job with two versions among the workers: which worker has which, and the runs on old code', () => {
    expect(rolloutsOf(snapshot(deploy).overview)).toEqual([
      {
        job: 'pay',
        since: now - hourMs,
        progress: 0.5,
        oldHeldMs: 60_000,
        versions: [
          { version: 2, workers: 2, draining: 0, slots: 20, runs: 4 },
          { version: 1, workers: 2, draining: 1, slots: 20, runs: 3 },
        ],
      },
    ])
  })

  test('is over when the last old worker is lost or gone', () => {
    const workers = [worker('a', { pay: 2 }), worker('b', { pay: 1 }, { lost: true })]
    expect(rolloutsOf(snapshot({ workers }).overview)).toEqual([])
  })

  test('shows its progress at 80 columns, and the runs on old code', () => {
    const [line = []] = rolloutLines(viewProps({ fleet: fleetOf(deploy) }))
    const text = line.map((one) => one.text).join('')
    expect(text.slice(0, 80)).toContain('50%, old code holds 3 runs, longest 1m0s')
    expect(text).toContain('v2 on 2, v1 on 2 (1 draining)')
  })
})

test('a release of several jobs is one line', () => {
  const workers = [worker('a', { pay: 2, mail: 2 }), worker('b', { pay: 1, mail: 1 })]
  const lines = rolloutLines(viewProps({ fleet: fleetOf({ workers }) }))
  expect(lines.map((line) => line.map(({ text }) => text).join(''))).toEqual([
    expect.stringMatching(/^ deploy of 2 jobs .*v2 on 1, v1 on 1 {2}mail, pay$/),
  ])
})

function viewProps(options: Parameters<typeof screenInput<WorkersData>>[0]): ViewProps<WorkersData> {
  return { ...screenInput<WorkersData>({ target, ...options }), windows: {} }
}

describe('the description of a worker', () => {
  function textOf(over: Partial<Overview>, data?: WorkersData): string {
    const props = viewProps({ fleet: fleetOf(over), ...(data === undefined ? {} : { data }) })
    const [row] = workerRows(props)
    if (row === undefined) throw new Error('no row')
    return workerDetail(row, props)
      .map((line) => line.map(({ text }) => text).join(''))
      .join('\n')
  }

  test('has the cause of its loss', () => {
    const operations = [
      operation('worker lost', minuteMs, { subject: 'a', count: 2, details: { cause: 'lease' } }),
    ]
    const text = textOf({ workers: [worker('a', {}, { lost: true, running: 2 })], operations })
    expect(text).toContain('worker a lost: its lease expired, it held 2 runs (1m0s ago)')
  })

  test('has the cause of the end of its task, once that is known', () => {
    const reason = 'stopped by scale-in, SIGKILL after 30 s'
    const lost = operation('worker lost', minuteMs, { subject: 'a', count: 2, details: { cause: 'exit' } })
    const explained = operation('loss explained', 30 * secondMs, { subject: 'a', count: 2, reason })
    const columns = (over: Partial<Overview>) =>
      workerColumns(viewProps({ fleet: fleetOf(over) })).filter(({ title }) => title === 'ENDED BY')
    expect(textOf({ operations: [lost] })).not.toContain('ended')
    expect(columns({ operations: [lost] })).toEqual([])
    const operations = [lost, explained]
    expect(textOf({ operations })).toContain(` what ended its task: ${reason}`)
    const [column] = columns({ operations })
    const rows = rowsOf({ operations, workers: [worker('b')] })
    expect(rows.map((row) => column?.cell(row))).toEqual(['', reason])
    expect(rowsOf({ operations }, 'scale-in').map(({ id }) => id)).toEqual(['a'])
  })

  test('names the workers that take over the runs of a lost one, or asks to start a worker', () => {
    const dead = worker('a', {}, { lost: true, running: 1 })
    const held = [runOf('r1', { state: 'running', worker: 'a' })]
    const text = textOf({ workers: [dead] }, { worker: 'a', held, isWhole: true })
    expect(text.replaceAll('\n', '')).toContain(
      'no other worker is running to take its runs over, start one: durable-jobs work FILE',
    )
    expect(text).toMatch(/runs +1 in hand\n.*r1.*\n process/)
    expect(textOf({ workers: [dead, worker('b')] })).toContain('the next worker that claims takes')
  })

  test('names the operator who requested its drain, as far as the log knows', () => {
    const workers = [worker('a', {}, { draining: true })]
    const operations = [
      operation('drain worker', 5 * secondMs, { subject: 'a', by: 'ana', reason: 'deploy' }),
    ]
    expect(textOf({ workers, operations })).toContain("worker a told to drain by ana: 'deploy' (5.0s ago)")
    expect(textOf({ workers })).toContain('it claims no more runs')
  })

  test('has the reason for its drain, the time left, and the runs it still holds', () => {
    const drain = { cause: 'signal', signal: 'SIGTERM', agoMs: 13_000, leftMs: 12_000 } as const
    const workers = [worker('a', {}, { draining: true, drain, running: 2 })]
    expect(textOf({ workers }).replace(/\s+/g, ' ')).toContain(
      'draining for 13.0s: its process got SIGTERM; 12.0s left for 2 runs it still holds to end a step, then it hands over the rest',
    )
    const [state] = workerColumns(viewProps({ fleet: fleetOf({ workers }) })).filter(
      ({ title }) => title === 'STATE',
    )
    expect(rowsOf({ workers }).map((row) => state?.cell(row))).toEqual(['◐ draining, 12.0s left'])
  })

  test('has the outcome of each of its runs while it drains', () => {
    const runs = [
      { run: 'r1', plan: 'finishing step', path: 'pages/3' },
      { run: 'r2', plan: 'handing over' },
    ] as const
    const drain = { cause: 'signal', signal: 'SIGTERM', agoMs: 1_000, leftMs: 12_000, runs } as const
    const text = textOf({ workers: [worker('a', {}, { draining: true, drain, running: 2 })] })
    expect(text).toContain("   r1 finishes 'pages/3', cut in 12.0s\n   r2 handing over\n")
  })

  test('has its task, and the protection that ECS reports', () => {
    const text = textOf({ workers: [inTask] })
    expect(text).toContain(
      ' task      0af5b9f40e1d4c5f8f3b4b0a4d3c2b1a of service workers in cluster jobs, imports:7, FARGATE in eu-central-1b',
    )
    expect(text).toContain(' protected protection was refused (DEPLOYMENT_BLOCKED: too many)')
    expect(text).toContain('another live process works in this task')
    expect(textOf({ workers: [worker('a')] })).not.toMatch(/task|protected/)
  })

  test('has the steps that a stop would cut', () => {
    const step = { path: 'charge', openMs: 12_000, toldAgoMs: 500 }
    const held = [
      runOf('r1', { state: 'running', worker: 'a', step }),
      runOf('r2', { state: 'running', worker: 'a' }),
    ]
    const text = textOf({ workers: [worker('a', {}, { running: 2 })] }, { worker: 'a', held, isWhole: true })
    expect(text).toContain('2 in hand, 1 in the middle of a step')
    expect(text).toContain("in 'charge' for 12.0 s")
  })
})

test('the runs held are read for the worker under the cursor', async () => {
  const queries: unknown[] = []
  const inspector = {
    runs: async (query: unknown) => {
      queries.push(query)
      return { runs: [runOf('r')], looked: 1, cursor: 'more' }
    },
  } as unknown as Inspector
  expect(await loadHeld(inspector, { current: 'a' })).toEqual({
    worker: 'a',
    held: [runOf('r')],
    isWhole: false,
  })
  expect(await loadHeld(inspector, {})).toEqual({ worker: '', held: [], isWhole: true })
  expect(queries).toEqual([{ worker: 'a', states: ['running', 'cancelling'], order: 'longest', limit: 50 }])
})
