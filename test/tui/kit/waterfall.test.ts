import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plainText, textWidth } from '../../../runtime/cli/plain-text.ts'
import type { RunTransition } from '../../../runtime/model/run.ts'
import type { LinePlace } from '../../../runtime/store/limiters.ts'
import { layoutWaterfall } from '../../../tui/kit/waterfall.ts'
import { waterfallGlyphs } from '../../../tui/kit/waterfall-glyphs.ts'
import { advanceRows, foldScopes, waterfallModel } from '../../../tui/kit/waterfall-model.ts'
import {
  awake,
  begin,
  done,
  execution,
  frame,
  happened,
  input,
  journal,
  retrying,
  run,
  seconds,
  sleeping,
} from './waterfall-input.ts'

const charge = [
  retrying('charge', 20, 5, 20),
  retrying('charge', 45, 3, 10, 2),
  done('charge', 60, 4, { attempt: 3 }),
]
const open = { path: 'send', openMs: 4_000, toldAgoMs: 1_000 }

describe('a run on one clock', () => {
  test('shows queue wait, tries, pauses, delays of a try, a sleep and the open step', () => {
    const entries = journal(done('load', 12, 2), ...charge, sleeping('rest', 60, 20), awake('rest', 85))
    const of = input({ journal: entries, run: run({ step: open, changedAt: seconds(85) }) })
    expect(frame(of, 80)).toMatchInlineSnapshot(`
      [
        "                       0                30.0s            1m0s             1m30s",
        "ship     >       1m40s oooooo                                          ---------",
        "load     +        2.0s      ==",
        "charge   +   3x   4.0s         xxxx..........,xxx.....====",
        "rest     +       25.0s                                   zzzzzzzzzzz,,,,",
        "send     >        5.0s                                                       ==>",
      ]
    `)
  })

  test('lays scopes around their steps, with keys and counters', () => {
    const entries = journal(
      done('items[1]/pack', 30, 5),
      done('items[a%2Fb]/pack', 40, 10),
      done('items[1]/label#2', 50, 5),
      done('tail', 80, 10),
    )
    expect(frame(input({ journal: entries }), 70)).toMatchInlineSnapshot(`
      [
        "                         0            30.0s         1m0s         1m30s",
        "ship       >       1m40s oooo-----------------------------------------",
        "items[1]           25.0s            ------------",
        "  pack     +        5.0s            ===",
        "  label#2  +        5.0s                     ===",
        "items[a/b]         10.0s              -----",
        "  pack     +       10.0s              =====",
        "tail       +       10.0s                                =====",
      ]
    `)
  })

  test('marks losses and hand-overs with the worker, on the bars they interrupted', () => {
    const history = [
      happened('lost', 30, { worker: 'w1', reason: 'its lease expired' }),
      happened('released', 70, { worker: 'w2' }),
    ]
    const entries = journal(
      done('load', 12, 2),
      retrying('charge', 20, 5, 30),
      done('charge', 60, 8, { attempt: 2 }),
    )
    const of = input({ journal: entries, history, run: run({ worker: 'w3', changedAt: seconds(80) }) })
    expect(frame(of, 70)).toMatchInlineSnapshot(`
      [
        "                       0             30.0s         1m0s          1m30s",
        "ship     >       1m40s ooooo         !ooooooooo        ^oooo----------",
        "load     +        2.0s     ==",
        "charge   +   2x   8.0s        xxx....!........,=====",
        "! at 30.0s: lost its worker w1: its lease expired; later on w2",
        "^ at 1m10s: handed back by its worker w2; now on w3",
      ]
    `)
  })

  test('shows executions, pauses of the run and waits for a worker as recorded', () => {
    const history = [happened('lost', 30, { worker: 'w1' }), happened('released', 70, { worker: 'w2' })]
    const executions = [
      execution(1, 10, 10, 20, { transition: 'back off', until: seconds(25) }),
      execution(2, 27, 2, 30, { transition: 'lose', worker: 'w1' }),
      execution(3, 42, 12, 70, { transition: 'release', worker: 'w2' }),
      { n: 4, claimedAt: seconds(80), waitedMs: 10_000, worker: 'w3', version: 3 },
    ]
    const of = input({ journal: [], history, executions, run: run({ worker: 'w3', changedAt: seconds(80) }) })
    expect(
      waterfallModel(of).rows[0]?.spans.map(({ kind, from, to }) => [kind, from - begin, to - begin]),
    ).toEqual([
      ...[
        ['queued', 0, 10_000],
        ['held', 10_000, 20_000],
        ['pause', 20_000, 25_000],
      ],
      ...[
        ['queued', 25_000, 27_000],
        ['held', 27_000, 30_000],
      ],
      ...[
        ['queued', 30_000, 42_000],
        ['held', 42_000, 70_000],
      ],
      ...[
        ['queued', 70_000, 80_000],
        ['held', 80_000, 100_000],
      ],
    ])
    expect(frame(of, 70)).toMatchInlineSnapshot(`
      [
        "                       0             30.0s         1m0s          1m30s",
        "ship     >       1m40s oooo-----...--!oooo-------------^oooo----------",
        "! at 30.0s: lost its worker w1; next on w2, 12.0s later",
        "^ at 1m10s: handed back by its worker w2; next on w3, 10.0s later",
      ]
    `)
  })

  test('the current pause of a run is shown once, and a suspended run shows it on its steps', () => {
    const waiting = run({
      ...{ state: 'waiting', waitingFor: { kind: 'retry', until: seconds(200) }, worker: undefined },
      changedAt: seconds(20),
    })
    const kinds = (transition: RunTransition): readonly string[] => {
      const executions = [execution(1, 10, 10, 20, { transition, until: seconds(200) })]
      const model = waterfallModel(input({ journal: [], executions, run: waiting }))
      return model.rows[0]?.spans.map(({ kind }) => kind) ?? []
    }
    expect(kinds('back off')).toEqual(['queued', 'held', 'pause'])
    const later = [
      execution(1, 10, 10, 20, { transition: 'suspend', until: seconds(30) }),
      execution(2, 30, 0, 40, { transition: 'complete' }),
    ]
    const ended = run({ state: 'completed', endedAt: seconds(40), worker: undefined })
    expect(
      waterfallModel(input({ journal: [], executions: later, run: ended })).rows[0]?.spans.map(
        ({ kind }) => kind,
      ),
    ).toEqual(['queued', 'held', 'held'])
  })

  test('is not shown as queued if it was lost again before anything is known of it', () => {
    const history = [happened('lost', 30), happened('lost', 40)]
    const of = input({ journal: journal(done('load', 60, 10)), history })
    expect(waterfallModel(of).rows[0]?.spans.filter(({ kind }) => kind === 'queued')).toEqual([
      { kind: 'queued', from: begin, to: seconds(10) },
      { kind: 'queued', from: seconds(40), to: seconds(50) },
    ])
  })

  test('reports how many marks it omits', () => {
    const history = [10, 20, 30].map((at) => happened('released', at, { worker: `w${at}` }))
    const of = input({ journal: [], history })
    expect(frame(of, 60, { notes: 1 }).slice(-2)).toMatchInlineSnapshot(`
      [
        "2 earlier in the history",
        "^ at 30.0s: handed back by its worker w30; now on w1",
      ]
    `)
    expect(frame(of, 60, { notes: 0 })).toHaveLength(2)
  })

  test('shows a wait for a limiter from the end of the pause', () => {
    const waiting = {
      state: 'waiting',
      waitingFor: { kind: 'limit', name: 'stripe' },
      changedAt: seconds(50),
    }
    const places = [{ limiter: 'stripe', path: 'charge' } as LinePlace]
    const of = input({ journal: journal(retrying('charge', 20, 5, 20)), places, run: run(waiting) })
    expect(frame(of, 60)).toMatchInlineSnapshot(`
      [
        "                       0          30.0s      1m0s",
        "ship     %       1m40s oooo              %%%%%%%%%%%%%%%%%%%",
        "charge   %        1m0s      xxx......%%%%%%%%%%%%%%%%%%%%%%%",
      ]
    `)
  })

  test('shows a wait of a step without a stored entry', () => {
    const places = [{ limiter: 'stripe', path: 'charge' } as LinePlace]
    expect(frame(input({ journal: journal(done('load', 40, 20)), places }), 60)).toMatchInlineSnapshot(`
      [
        "                       0          30.0s      1m0s",
        "ship     >       1m40s ooo----------------------------------",
        "load     +       20.0s        ========",
        "charge   %        1m0s               %%%%%%%%%%%%%%%%%%%%%%%",
      ]
    `)
  })

  test('of an ended run ends with it', () => {
    const cancelled = run({ state: 'cancelled', by: 'ana', endedAt: seconds(40) })
    const history = [happened('cancel', 40, { by: 'ana', reason: 'storm' })]
    const entries = journal(done('load', 20, 5), sleeping('rest', 20, 50))
    expect(frame(input({ journal: entries, history, run: cancelled }), 60)).toMatchInlineSnapshot(`
      [
        "                       0            15.0s         30.0s",
        "ship             40.0s oooooooooo                          /",
        "load     +        5.0s              ======",
        "rest     z       20.0s                   zzzzzzzzzzzzzzzzzzz",
        "/ at 40.0s: told to stop by ana: storm",
      ]
    `)
    const failed = run({ state: 'failed', endedAt: seconds(40), error: { name: 'E', message: 'm' } })
    const end = { ...retrying('load', 40, 5, 0), phase: 'failed' }
    expect(frame(input({ journal: journal(end), run: failed }), 60)).toMatchInlineSnapshot(`
      [
        "                       0            15.0s         30.0s",
        "ship     x       40.0s oooooooooo",
        "load     x        5.0s                                 XXXXX",
      ]
    `)
  })

  test('is queued again after a retry', () => {
    const end = { ...retrying('load', 30, 5, 0), phase: 'failed' }
    const ready = run({ state: 'ready', startedAt: undefined, changedAt: seconds(70) })
    const history = [happened('retry', 70, { by: 'ana', reason: 'fixed' })]
    expect(frame(input({ journal: journal(end), history, run: ready }), 60)).toMatchInlineSnapshot(`
      [
        "                       0          30.0s      1m0s",
        "ship     .       1m40s oooooooooo               rooooooooooo",
        "load     x        5.0s          XXX",
        "r at 1m10s: retried by ana: fixed",
      ]
    `)
  })

  test('has an empty chart and all of its texts if there is no room', () => {
    expect(frame(input({ journal: journal(...charge) }), 24)).toMatchInlineSnapshot(`
      [
        "",
        "ship          >   1m40s",
        "charge        +    4.0s",
      ]
    `)
  })
})

describe('an at-most-once step', () => {
  const intent = { path: 'pay', phase: 'intent', at: seconds(20), once: true }

  test('runs from its intent while its worker holds the run', () => {
    expect(frame(input({ journal: journal(intent) }), 60)).toMatchInlineSnapshot(`
      [
        "                       0          30.0s      1m0s",
        "ship     >       1m40s ooo----------------------------------",
        "pay      >       1m20s        =============================>",
      ]
    `)
  })

  test('without a stored end is interrupted by the loss', () => {
    const lost = {
      history: [happened('lost', 50, { worker: 'w1' })],
      run: run({ state: 'ready', changedAt: seconds(50) }),
    }
    const { rows } = waterfallModel(input({ journal: journal(intent), ...lost }))
    expect(rows[1]).toMatchObject({ spans: [{ kind: 'broken', from: seconds(20), to: seconds(50) }] })
    const asked = done('pay', 80, 1, { once: true })
    const later = waterfallModel(input({ journal: journal(intent, asked), history: lost.history }))
    expect(later.rows[1]).toMatchObject({
      end: 'done',
      atMostOnce: true,
      spans: [
        { kind: 'broken', to: seconds(50) },
        { kind: 'done', from: seconds(79) },
      ],
    })
  })

  test('is one try from its intent to its end', () => {
    const { rows } = waterfallModel(input({ journal: journal(intent, done('pay', 50, 29, { once: true })) }))
    expect(rows[1]?.spans).toMatchObject([{ kind: 'done', from: seconds(21), to: seconds(50) }])
  })
})

describe('compressed', () => {
  const days = 86_400 * 3
  const entries = journal(done('load', 12, 2), sleeping('trial', 12, days), awake('trial', days + 12))
  const of = input({
    journal: entries,
    now: seconds(days + 30),
    run: run({ step: open, changedAt: seconds(days) }),
  })

  test('a long wait is short, with its length above it, and tries keep their scale', () => {
    expect(frame(of, 80, { scale: 'compressed' })).toMatchInlineSnapshot(`
      [
        "                       :10.0s:10.0s       :3d0h:  3d0h",
        "ship     >        3d0h oo::ooo                   -------------------------------",
        "load     +        2.0s        =============",
        "trial    +        3d0h                    zz::zzzz",
        "send     >        5.0s                           ==============================>",
      ]
    `)
  })

  test('each wait shows its length, even one without room for signs', () => {
    const entries = journal(
      retrying('a', 20, 5, 45_000),
      retrying('a', 45_030, 8, 90, 2),
      done('a', 45_130, 7),
    )
    const [axis] = frame(input({ journal: entries, now: seconds(45_200) }), 100, { scale: 'compressed' })
    expect(axis?.trim().split(/ +/)).toMatchInlineSnapshot(`
      [
        ":15.0s:15.0s",
        "12h30m",
        "12h30m",
        ":1m33s:12h32m",
        ":1m10s:",
      ]
    `)
  })

  test('nothing changes if no wait is long', () => {
    const short = input({ journal: journal(done('a', 50, 40), done('b', 95, 40)) })
    expect(frame(short, 80, { scale: 'compressed' })).toEqual(frame(short, 80))
  })

  test('nothing changes if everything is waiting', () => {
    const asleep = input({ journal: journal(sleeping('rest', 10, 500)) })
    expect(frame(asleep, 80, { scale: 'compressed' })).toEqual(frame(asleep, 80))
  })
})

describe('an open step', () => {
  test('grows without another read', () => {
    const entries = journal(done('load', 12, 2))
    const model = waterfallModel(input({ journal: entries, run: run({ step: open }) }))
    const later = advanceRows(model.rows, seconds(130))
    expect(later.map(({ tookMs }) => tookMs)).toEqual([130_000, 2_000, 35_000])
    expect(later.map(({ spans }) => spans.at(-1)?.to)).toEqual([seconds(130), seconds(12), seconds(130)])
  })

  test('starts as long before the read as the worker reported', () => {
    const of = { ...input({ journal: [], run: run({ step: open }) }), readAt: seconds(90) }
    expect(waterfallModel(of).rows[1]?.spans).toMatchObject([
      { kind: 'open', from: seconds(85), to: seconds(100) },
    ])
  })

  test('is matched to the known step if the store has cut its path', () => {
    const path = `each[${'k'.repeat(150)}]`
    const step = { path: path.slice(0, 120), openMs: 5_000, toldAgoMs: 0 }
    const { rows } = waterfallModel(
      input({ journal: journal(retrying(path, 20, 5, 10)), run: run({ step }) }),
    )
    expect(rows.map((row) => row.path)).toEqual(['', path])
    expect(rows[1]?.spans.map(({ kind }) => kind)).toEqual(['retried', 'pause', 'held up', 'open'])
  })
})

test('folded scopes retain their own row', () => {
  const entries = journal(done('a/b/c', 30, 5), done('a/d', 40, 5), done('e', 50, 5))
  const model = waterfallModel(input({ journal: entries }))
  const paths = (folded: string[]): string[] =>
    foldScopes(model, new Set(folded)).rows.map(({ path }) => path)
  expect(paths([])).toEqual(['', 'a', 'a/b', 'a/b/c', 'a/d', 'e'])
  expect(paths(['a/b'])).toEqual(['', 'a', 'a/b', 'a/d', 'e'])
  expect(paths(['a'])).toEqual(['', 'a', 'e'])
})

test('a step that the code no longer calls is marked', () => {
  const of = input({ journal: journal(done('old', 30, 5)), run: run({ orphans: [1] }) })
  expect(frame(of, 100)[2]).toContain('old (no longer in the code)')
})

test('text from a job can’t control the terminal', () => {
  const entries = journal(done('a\u001b[31m\u202eb', 30, 5))
  const history = [happened('cancel', 40, { by: 'x\u001b]0;y\u0007' })]
  const text = frame(input({ journal: entries, history }), 80).join('\n')
  expect(text).toBe(plainText(text))
  expect(text).toContain('ab')
})

test('every sign is one column wide and no two fills are alike', () => {
  for (const glyphs of Object.values(waterfallGlyphs)) {
    const { span, state, mark, tip, cut, ellipsis } = glyphs
    const all = [...Object.values(span), ...Object.values(state), ...Object.values(mark), tip, cut, ellipsis]
    expect(all.map(textWidth)).toEqual(all.map(() => 1))
    // A row of a scope or of the run is none of a step.
    const { open: _, held: __, steps: ___, ...fills } = span
    expect(new Set(Object.values(fills)).size).toBe(Object.keys(fills).length)
  }
})

describe('for any content of the store', () => {
  const phase = fc.constantFrom('intent', 'waiting', 'retrying', 'done', 'failed')
  const entry = fc.record({
    path: fc.constantFrom('a', 's/b', 's/c', 's/t/d'),
    phase,
    kind: fc.constantFrom('run', 'sleep'),
    gap: fc.integer({ min: 0, max: 50_000 }),
    durationMs: fc.integer({ min: 0, max: 90_000 }),
    pauseMs: fc.integer({ min: 0, max: 90_000 }),
  })
  const story = fc.record({
    entries: fc.array(entry, { maxLength: 25 }),
    marks: fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 }),
    state: fc.constantFrom('ready', 'running', 'completed', 'blocked'),
    width: fc.integer({ min: 20, max: 160 }),
    scale: fc.constantFrom<'clock' | 'compressed'>('clock', 'compressed'),
  })

  test('spans of a row do not overlap and every line has its width', () => {
    fc.assert(
      fc.property(story, ({ entries, marks, state, width, scale }) => {
        let at = begin
        const stored = entries.map(({ gap, ...rest }) => {
          at += gap
          return { ...rest, at, error: { name: 'E', message: 'm' }, value: new Uint8Array() }
        })
        const history = marks
          .toSorted((a, b) => a - b)
          .map((second) => happened('lost', second, { worker: 'w' }))
        const of = input({
          journal: journal(...stored),
          history,
          now: at + 5_000,
          run: run({ state, changedAt: at, endedAt: at + 1_000 }),
        })
        const model = waterfallModel(of)
        for (const { spans } of model.rows.filter(({ kind }) => kind !== 'run')) {
          for (const [i, { from, to }] of spans.entries()) {
            expect(to).toBeGreaterThanOrEqual(from)
            expect(from).toBeGreaterThanOrEqual(spans[i - 1]?.to ?? Number.NEGATIVE_INFINITY)
          }
        }
        for (const { spans } of layoutWaterfall(model, width, waterfallGlyphs.unicode, { scale })) {
          expect(textWidth(spans.map(({ text }) => text).join(''))).toBe(width)
        }
      }),
    )
  })
})
