import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createLogger, type LoggerOptions, type LogLevel } from '../../../runtime/index.ts'
import { withFields } from '../../../runtime/model/bound-logger.ts'
import { systemClock } from '../../../runtime/model/clock.ts'
import { logLevels } from '../../../runtime/worker/logger.ts'
import { defineJob } from '../../../sdk/index.ts'
import { openFixture } from '../../support/fixture.ts'
import { oddThrown, withGetter } from '../../support/odd-thrown.ts'

class Page extends Writable {
  text = ''
  readonly isTTY: boolean
  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

function loggerOn(options: LoggerOptions & { terminal?: boolean } = {}) {
  const page = new Page(options.terminal ?? false)
  const log = createLogger({
    stream: page,
    clock: { ...systemClock, now: () => 1_767_323_045_678 },
    ...options,
  })
  const lines = (): string[] => page.text.split('\n').slice(0, -1)
  return { log, lines, objects: () => lines().map((line): unknown => JSON.parse(line)) }
}

test('a worker passes its logger no line about a run below its level, unless reading the level throws', async () => {
  const shop = await openFixture()
  const messages: unknown[] = []
  const write = (_fields: object, message?: string): void => void messages.push(message)
  const logger = {
    ...{ debug: write, info: write, warn: write, error: write },
    isLevelEnabled: (level: LogLevel) => {
      if (level === 'debug') throw new Error('no such level')
      return level !== 'info'
    },
  }
  const job = defineJob({ name: 'quiet' }, () => 'done')
  const worker = await shop.work(job, { logger })
  const handle = await shop.jobs.enqueue(job)
  await handle.result({ timeout: '2m' })
  await worker.stop()
  expect(messages).toContain('a run entered a slot')
  expect(messages).not.toContain('a run left its slot')
})

describe('a logger that does not write to a terminal', () => {
  test('writes one line of JSON each, in the format of pino', () => {
    const { log, objects } = loggerOn()
    log.info({ run: 'r1', rows: 5 }, 'inserted')

    expect(objects()).toEqual([
      { level: 30, time: 1_767_323_045_678, pid: process.pid, run: 'r1', rows: 5, msg: 'inserted' },
    ])
  })

  test.each([
    ['debug', 20],
    ['info', 30],
    ['warn', 40],
    ['error', 50],
  ] as const)('%s is level %i', (level, number) => {
    const { log, objects } = loggerOn({ level: 'debug' })
    log[level]({}, 'text')
    expect(objects()).toEqual([expect.objectContaining({ level: number, msg: 'text' })])
  })

  test('leaves out lines below its level', () => {
    const { log, objects } = loggerOn({ level: 'warn' })
    log.debug({}, 'debug')
    log.info({}, 'info')
    log.warn({}, 'warn')
    log.error({}, 'error')
    expect(objects()).toHaveLength(2)
  })

  test('leaves out debug lines if no level is set', () => {
    const { log, lines } = loggerOn()
    log.debug({}, 'debug')
    expect(lines()).toEqual([])
  })

  test('reports the levels it writes, and creates no fields for the others', () => {
    const bound = withFields(loggerOn({ level: 'warn' }).log, { run: 'r1' })
    expect(logLevels.map((level) => [level, bound.isLevelEnabled?.(level)])).toEqual([
      ['debug', false],
      ['info', false],
      ['warn', true],
      ['error', true],
    ])
    const unread = withGetter({}, 'rows')
    expect(() => bound.info(unread, 'not written')).not.toThrow()
    expect(() => bound.warn(unread, 'written')).toThrow()
  })

  test('writes an error with its type, message and stack', () => {
    const { log, objects } = loggerOn()
    log.error({ err: new RangeError('too far') }, 'failed')
    const err = {
      type: 'RangeError',
      message: 'too far',
      stack: expect.stringContaining('RangeError: too far'),
    }
    expect(objects()).toEqual([expect.objectContaining({ err })])
  })

  test('writes a BigInt as a number in text', () => {
    const { log, objects } = loggerOn()
    log.info({ id: 5n }, 'big')
    expect(objects()).toEqual([expect.objectContaining({ id: '5' })])
  })

  test('writes a message with line breaks on one line', () => {
    const { log, lines } = loggerOn()
    log.info({}, 'one\ntwo')
    expect(lines()).toHaveLength(1)
  })

  test('does not throw into the job for fields that contain themselves', () => {
    const { log, lines } = loggerOn()
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => log.info({ loop }, 'cyclic')).not.toThrow()
    expect(lines()).toHaveLength(1)
  })

  test.each(Object.entries(oddThrown))('writes a line about %s', (_name, make) => {
    for (const terminal of [true, false]) {
      const { log, lines } = loggerOn({ terminal })
      log.error({ run: 'r1', err: make() }, 'failed')
      expect(lines()).toHaveLength(1)
      expect(lines()[0]).toContain('r1')
      expect(lines()[0]).toContain('failed')
    }
  })

  test('writes the other fields beside an unreadable one', () => {
    const { log, objects } = loggerOn()
    log.error({ run: 'r1', odd: withGetter({}, 'field') }, 'failed')
    log.error(withGetter({}, 'run'), 'all unreadable')
    expect(objects()).toEqual([
      expect.objectContaining({ run: 'r1', odd: expect.any(String), msg: 'failed' }),
      expect.objectContaining({ msg: 'all unreadable' }),
    ])
  })

  test('keeps its own fields separate from those of the line', () => {
    const { log, objects } = loggerOn()
    log.info({ level: 'gold', time: 'noon', msg: 'own' }, 'text')
    expect(objects()).toEqual([expect.objectContaining({ level: 30, time: 1_767_323_045_678, msg: 'text' })])
  })
})

describe('a logger on a terminal', () => {
  test('writes a line that a person can read', () => {
    const { log, lines } = loggerOn({ terminal: true })
    log.warn({ run: 'r1', rows: 5, err: new Error('no') }, 'slow')
    expect(lines()).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d warn {2}slow {2}run=r1 {2}rows=5 {2}err="no"$/),
    ])
  })
})

describe('a logger with fields', () => {
  test('has them on every line, and those of the line take precedence', () => {
    const { log, objects } = loggerOn()
    const bound = withFields(log, { run: 'r1', part: 'worker' })
    bound.info({ part: 'step' }, 'text')
    expect(objects()).toEqual([expect.objectContaining({ run: 'r1', part: 'step' })])
  })
})
