import { type ExpectedRun, movedError } from '../../../model/expected-run.ts'
import type { RunId } from '../../../model/run-id.ts'
import type { ScriptCalls } from '../script-calls.ts'
import { stateCode, stateOfCode } from '../state-code.ts'

/** In the form of scripts/expected-part.lua: numbers of states with commas around and between, and a stored time. */
export function expectedArgs(
  { clock }: ScriptCalls,
  expected: ExpectedRun | undefined,
): readonly [states: string, changedAt: string] {
  if (expected === undefined) return ['', '']
  const { states, changedAt } = expected
  const stored = changedAt === undefined ? '' : String(Math.round(clock.stored(changedAt)))
  return [`,${states.map(stateCode).join(',')},`, stored]
}

/** @param reply Of a script; `moved 7` for a run that is in state 7. @throws RunStateError */
export function refuseMoved(id: RunId, reply: string, expected: ExpectedRun | undefined): void {
  const [, code] = /^moved (\d+)$/.exec(reply) ?? []
  if (code === undefined || expected === undefined) return
  throw movedError(id, stateOfCode(Number(code)), expected)
}
