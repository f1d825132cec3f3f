import { expect, test } from 'vitest'
import { connect, defineJob } from '../../sdk/index.ts'
import { inThePast } from '../support/incidents/in-the-past.ts'
import { type CommandLine, ownCommandLine } from './command-line.ts'

const nightly = defineJob<{ file: string }>({ name: 'import' }, () => undefined)

/** A store with one manually created schedule. */
async function withSchedule(): Promise<CommandLine> {
  const cli = ownCommandLine()
  const jobs = await connect(`sqlite:${cli.folder}/.durable-jobs/jobs.db`)
  const options = { cron: '30 2 * * *', timeZone: 'Europe/Berlin', input: { file: 'de' } }
  await jobs.schedules.put('nightly', nightly, options, { by: 'ana' })
  await jobs.close()
  return cli
}

test('schedules lists the definition and status of each', async () => {
  const cli = await withSchedule()
  const [title = '', row = ''] = (await cli.ok('schedules')).trimEnd().split('\n')
  expect(title).toMatch(/^SCHEDULE +JOB +CRON +NEXT +LAST +STATE$/)
  expect(row).toMatch(
    /^nightly +import +30 2 \* \* \* Europe\/Berlin +not planned yet +declared \S+m?s ago(?: +not planned for .*)?$/,
  )
  expect(await cli.json('schedules')).toEqual({
    schedules: [
      {
        ...{ name: 'nightly', job: 'import', origin: 'hand', revision: 1 },
        ...{
          cron: '30 2 * * *',
          timeZone: 'Europe/Berlin',
          missed: 'one',
          cap: 100,
          overlap: 'skip',
          jitterMs: 0,
        },
        ...{ input: { file: 'de' }, queued: [], since: expect.any(Number), overdueMs: expect.any(Number) },
        last: { n: 1, at: expect.any(Number), outcome: 'declared', by: 'ana' },
      },
    ],
  })
})

test('pause, trigger, resume and remove, and their ledger', async () => {
  const cli = await withSchedule()
  expect(await cli.ok('schedules', 'pause', 'nightly', '--by', 'ben', '--reason', 'audit')).toBe(
    'schedule nightly is paused; resume it with: durable-jobs schedules resume nightly\n',
  )
  expect(await cli.ok('schedules')).toMatch(
    /^nightly +import +30 2 \* \* \* Europe\/Berlin +paused \S+m?s ago +paused by ben: audit \(\S+m?s ago\)$/m,
  )
  expect(await cli.ok('schedules', 'ledger', 'nightly')).toMatch(/ paused +by ben: audit\n/)
  const { run } = await cli.json<{ run: string }>('schedules', 'trigger', 'nightly', '--by', 'ben')
  expect(await cli.json('show', run)).toMatchObject({
    run: { job: 'import', schedule: 'nightly', input: { file: 'de' } },
  })
  expect(await cli.ok('show', run)).toMatch(/^schedule +nightly, triggered$/m)
  expect(await cli.ok('schedules', 'resume', 'nightly', '--by', 'ben')).toBe('schedule nightly fires again\n')
  const ledger = await cli.ok('schedules', 'ledger', 'nightly')
  expect(ledger).toMatch(/^ *AGE +TICK +OUTCOME +DETAIL\n *\S+ +resumed +by ben\n/)
  expect(ledger).toContain(`triggered  run ${run}, by ben`)
  expect(await cli.json('schedules', 'ledger', 'nightly', '--limit', '1')).toMatchObject({
    ledger: [{ n: 4, outcome: 'resumed', by: 'ben' }],
  })
  expect(await cli.json('schedules', 'remove', 'nightly')).toEqual({ schedule: 'nightly', removed: true })
  const { code, stderr } = await cli.run(['schedules', 'ledger', 'nightly'])
  expect([code, stderr]).toEqual([1, expect.stringContaining("there is no schedule 'nightly'")])
})

test('preview of a stored schedule or a pattern', async () => {
  const cli = await withSchedule()
  const fires = await cli.ok('schedules', 'preview', 'nightly', '--count', '3')
  expect(fires.trimEnd().split('\n')).toHaveLength(4)
  expect(fires).toMatch(/^UTC +LOCAL/)
  const pattern = [
    'schedules',
    'preview',
    '--cron',
    '30 2 * * *',
    '--time-zone',
    'Europe/Berlin',
    '--count',
    '3',
  ]
  expect(await cli.ok(...pattern)).toBe(fires)
  expect(await cli.run(['schedules', 'preview'])).toMatchObject({ code: 2 })
  expect(await cli.run(['schedules', 'preview', '--cron', 'daily'])).toMatchObject({
    code: expect.any(Number),
    stderr: expect.stringContaining("cron 'daily' must have 5 fields"),
  })
})

test('the preview of a paused schedule starts by saying that none of it will fire', async () => {
  const cli = await withSchedule()
  const preview = ['schedules', 'preview', 'nightly', '--count', '1']
  const fires = await cli.ok(...preview)
  expect(await cli.json(...preview)).toEqual({ fires: [expect.anything()] })
  await cli.ok('schedules', 'pause', 'nightly', '--by', 'ben')
  const [first = '', empty, ...rest] = (await cli.ok(...preview)).split('\n')
  expect(first).toMatch(
    /^schedule nightly is paused by ben \(.+ ago\): until that changes, none of these will fire$/,
  )
  expect([empty, rest.join('\n')]).toEqual(['', fires])
  expect(await cli.json(...preview)).toMatchObject({ fires: [{}], paused: { by: 'ben' } })
})

test('an unknown subcommand lists the known ones', async () => {
  const { code, stderr } = await ownCommandLine().run(['schedules', 'nightly'])
  expect(code).toBe(2)
  expect(stderr).toContain(
    "schedules has no command 'nightly', only ledger, preview, pause, resume, trigger, remove; " +
      'of a schedule of that name: durable-jobs schedules ledger nightly',
  )
})

test('STATE reports a schedule that is long unplanned, and which worker should plan it', async () => {
  const cli = ownCommandLine()
  await inThePast(`sqlite:${cli.folder}/.durable-jobs/jobs.db`, 3_600_000, async ({ jobs }) => {
    await jobs.schedules.put('nightly', nightly, { cron: '*/10 * * * *', input: { file: 'de' } })
  })
  expect(await cli.ok('schedules')).toMatch(
    /^nightly .* not planned yet +declared \S+ ago +not planned for 1h\d+m: no worker leads$/m,
  )
})
