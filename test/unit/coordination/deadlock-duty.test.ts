import { expect, test } from 'vitest'
import { DeadlockDuty } from '../../../runtime/coordination/deadlock-duty.ts'
import type { DutyTerm } from '../../../runtime/coordination/duty.ts'
import type { SuspendedRun, WaitGraph } from '../../../runtime/store/wait-graph.ts'

function waits(id: string, holds: string, needs: string): SuspendedRun {
  const weight = { limiter: 'lim', weight: 1 }
  return {
    ...{ id, holds: [{ ...weight, key: holds }] },
    waits: [{ path: 'call', needs: [{ ...weight, key: needs, max: 1 }] }],
  }
}

const ab: WaitGraph = { runs: [waits('A', 'a', 'b'), waits('B', 'b', 'a')] }
const cd: WaitGraph = { runs: [waits('C', 'c', 'd'), waits('D', 'd', 'c')] }
const nothing: WaitGraph = { runs: [] }

/** Plays one term in which each look finds one of these. */
async function play(looks: readonly WaitGraph[]): Promise<{ lines: readonly unknown[][]; beats: number }> {
  const lines: unknown[][] = []
  const over = new AbortController()
  let [look, beats] = [0, 0]
  const unused = (): never => expect.unreachable('it only warns')
  const log = {
    ...{ debug: unused, info: unused, error: unused },
    warn: (fields: object, message?: string) => void lines.push([look, fields, message]),
  }
  const term: DutyTerm = {
    ...{ signal: over.signal, fence: 1 },
    beat: () => {
      beats++
      look++
      if (look === looks.length) over.abort()
    },
    pause: async () => undefined,
  }
  await new DeadlockDuty({ waitGraph: async () => looks[look] ?? nothing }, log).work(term)
  return { lines, beats }
}

test('logs each deadlock once, with its runs and limiters', async () => {
  const both = { runs: [...ab.runs, ...cd.runs] }
  const { lines, beats } = await play([nothing, ab, ab, both, both])
  expect(lines).toEqual([
    [
      1,
      { runs: ['A', 'B'], limiters: ['lim', 'lim'] },
      expect.stringMatching(/^2 runs wait .*run A .*run B .*; cancel a run .*durable-jobs cancel A/),
    ],
    [3, { runs: ['C', 'D'], limiters: ['lim', 'lim'] }, expect.any(String)],
  ])
  expect(beats).toBe(5)
})

test('logs one again that returns after it was gone', async () => {
  const { lines } = await play([ab, nothing, ab])
  expect(lines.map(([look]) => look)).toEqual([0, 2])
})
