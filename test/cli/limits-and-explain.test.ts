import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandLine } from './command-line.ts'

const file = `${import.meta.dirname}/jobs/limited.ts`

/** Polls until the run is in the state. */
async function reaches(cli: CommandLine, id: string, state: string): Promise<void> {
  while ((await cli.json<{ run: { state: string } }>('show', id)).run.state !== state);
}

describe('limits and explain', () => {
  const cli = new CommandLine()
  beforeAll(async () => {
    const worker = await cli.work(file)
    await cli.ok('enqueue', file, 'limited', '{"tenant":"a"}', '--id', 'first')
    await reaches(cli, 'first', 'running')
    await cli.ok('enqueue', file, 'limited', '{"tenant":"a"}', '--id', 'second')
    return () => worker.kill('SIGTERM')
  })
  afterAll(() => cli.dispose())

  test('limits lists limiters with their numbers and how many runs wait', async () => {
    expect(await cli.ok('limits')).toMatch(
      /^LIMITER +KIND +RULE +KEYS +WAITING.*\ntenant +concurrency +max 1 +1 +1$/m,
    )
    expect(await cli.json('limits', 'tenant')).toMatchObject({
      limiter: { name: 'tenant', rule: { kind: 'concurrency', max: 1 }, waiting: 1 },
      keys: [{ key: 'a', used: 1, max: 1, waiting: 1 }],
    })
  })

  test('limits --key lists the holders and waiters of a key, in order', async () => {
    const text = await cli.ok('limits', 'tenant', '--key', 'a')
    expect(text).toMatch(
      /^HELD BY +JOB +STEP +STATE +SLOTS +FOR +WORKER\nfirst +limited +running +1 +\S+ +\S/,
    )
    expect(text).toMatch(
      /\n\nPLACE +WAITS +JOB +STEP +STATE +PRIORITY +FOR +AGED\n +1 +second +limited +waiting +0 +\S+\n$/,
    )
    expect(await cli.json('limits', 'tenant', '--key', 'a')).toMatchObject({
      limiter: { name: 'tenant' },
      key: 'a',
      holders: [{ run: 'first', held: 1, path: '', since: expect.any(Number) }],
      waiters: [{ run: 'second', position: 1, aged: false }],
    })
    expect(await cli.ok('limits', 'tenant', '--key', 'b')).toBe(
      'nothing holds this key\n\nnothing waits for this key\n',
    )
    expect(await cli.refused(1, ['limits', 'tennant', '--key', 'a'])).toMatch(/no limiter 'tennant'/)
  })

  test('runs --limiter lists the runs that wait for it', async () => {
    const found = await cli.json('runs', '--limiter', 'tenant', '--limit-key', 'a')
    expect(found).toMatchObject({ runs: [{ id: 'second' }] })
    expect(await cli.json('runs', '--limiter', 'tenant', '--limit-key', 'b')).toMatchObject({ runs: [] })
  })

  test('explain reports what the run waits for and which run holds it', async () => {
    const text = await cli.ok('explain', 'second')
    expect(text).toBe(
      "waiting  second\n  It waits for limiter 'tenant' of key 'a': 1 of 1 in use, held by run first; it is first on the waitlist.\n",
    )
    expect(await cli.json('explain', 'second')).toMatchObject({ id: 'second', state: 'waiting' })
    expect(await cli.refused(1, ['explain', 'none'])).toMatch(/no run 'none' in this store/)
  })

  test('show reports the position of the run, or of its step, in the waitlist', async () => {
    expect(await cli.ok('show', 'second')).toMatch(
      /^because {3}it waits for limiter 'tenant' of key 'a': 1 of 1 in use, held by run first; it is first on the waitlist$/m,
    )
    await cli.ok('enqueue', file, 'calls', '{"tenant":"a"}', '--id', 'third')
    await reaches(cli, 'third', 'waiting')
    expect(await cli.ok('show', 'third')).toMatch(
      /^because {3}step 'call' waits for limiter 'tenant' of key 'a': 1 of 1 in use, held by run first; 1 run is ahead of it$/m,
    )
  })

  test('a manual limit shows operator, reason and how to reset it; wrong names are refused', async () => {
    expect(await cli.refused(2, ['limits', 'tenant', '--set', 'limit=2'])).toMatch(
      /has no 'limit'; it has max/,
    )
    expect(await cli.refused(2, ['limits', 'tenant', '--set', 'max=x'])).toMatch(
      /limiter 'tenant': max must be a whole number from 1 to \d+, not x/,
    )
    expect(await cli.refused(2, ['limits', 'tenant', '--set', '5'])).toMatch(
      /Write 'number=value', such as max=5\./,
    )
    expect(await cli.refused(1, ['limits', 'tennant'])).toMatch(/no limiter 'tennant'/)
    expect(await cli.refused(1, ['limits', 'tennant', '--set', 'max=5'])).toMatch(
      /no limiter 'tennant' .* registers it \(a step's limiter: when the step first runs\)/,
    )
    expect(await cli.refused(2, ['limits', '--reset'])).toMatch(/name the limiter/)
    const who = ['--by', 'ana', '--reason', 'catch up']
    expect(await cli.ok('limits', 'tenant', '--set', 'max=2', ...who)).toMatch(
      /^limiter tenant is now concurrency, max 2; back to the code's numbers with: durable-jobs limits tenant --reset/,
    )
    await reaches(cli, 'second', 'running')
    expect(await cli.ok('limits')).toMatch(/by ana: catch up; the code says max 1/)
    expect(await cli.ok('limits', 'tenant')).toMatch(
      /^tenant: concurrency, max 2\nset by ana: catch up; the code says max 1\n\nKEY /,
    )
    expect(await cli.ok('limits', 'tenant', '--reset')).toMatch(/is now concurrency, max 1/)
  })

  test('the help lists the numbers of each kind', async () => {
    expect(await cli.ok('limits', '--help')).toMatch(
      /^Numbers that --set takes, by kind:\n {2}concurrency +max\n.*\n.*\n {2}tokenBucket +capacity, refill, every$/m,
    )
  })
})
