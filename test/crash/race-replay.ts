import type { JournalEntry } from '../../runtime/model/journal.ts'
import { decisionPath } from './race-job.ts'
import { type RaceOutcome, type RacePlan, runRace } from './race-plan.ts'

/**
 * The result of a race in one uninterrupted execution, by the journal alone: each stored end settles its step, in
 * the order of the journal, each in its own macrotask (R1).
 */
export async function replayRace(plan: RacePlan, journal: readonly JournalEntry[]): Promise<RaceOutcome> {
  const calls = new Map<string, (entry: JournalEntry) => void>()
  const step = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      calls.set(path, ({ phase }) => {
        if (phase === 'done') resolve()
        else reject(new Error(`step '${path}' failed after 1 attempt: as planned`))
      })
    })
  let outcome: RaceOutcome | undefined
  const race = runRace(plan, {
    step,
    decided: (group, decision) => {
      const { name, key } = decisionPath(group, decision)
      return step(`${name}[${key}]`)
    },
  }).then((end) => {
    outcome = end
  })
  for (const entry of journal.filter(({ phase }) => phase === 'done' || phase === 'failed')) {
    await macrotask()
    if (outcome !== undefined) break
    const settle = calls.get(entry.path)
    if (settle === undefined) throw new Error(`${entry.path} is stored, and the code has not called it`)
    settle(entry)
  }
  await macrotask()
  if (outcome === undefined) throw new Error('the race is not over at the end of its journal')
  await race
  return outcome
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
