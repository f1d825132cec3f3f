import { poisonedFailure } from '../../model/failure-mark.ts'
import { cutBounds, lossDelaysMs, poisonLimit, suspectStreak } from '../../model/poison.ts'
import { runStates, runTransitions } from '../../model/run.ts'
import { keepActionsMs, maxRefusals } from '../actions.ts'
import { keepDefinitionMs } from '../definitions.ts'
import { retainedOperations, retainedTransitions } from '../events.ts'
import { retainedExecutions } from '../executions.ts'
import { failureMinutes, maxFailureGroups, maxFailureVersions } from '../failures.ts'
import { agedAfter, maxAgedWaiters, maxWaitingSteps, reservationMs, wokenAtOnce } from '../limiters.ts'
import {
  keepLostMs,
  maxLostRuns,
  maxLostWorkers,
  maxToldWorkers,
  silentFromLeaseMs,
  silentShare,
} from '../lost-workers.ts'
import { askPauseMs, maxProtectedLeft, protectionLevels } from '../protection-level.ts'
import { recountPauseMs } from '../recount.ts'
import {
  knownScheduleRuns,
  lateFromMs,
  queuedLookMs,
  retainedLedgerEntries,
  retainedPauses,
} from '../schedules.ts'
import { maxSampledCounters, maxSampledQueues, retainedHours } from '../statistics.ts'
import { keepRepliesMs, maxPollMs, outageGraceShare, throughputMinutes } from '../store.ts'
import { protectedFrom } from '../stored-version.ts'
import { untilFinished, untilStarted } from '../unique-until.ts'
import { noticedMs } from './server-clock.ts'
import { stateCode } from './state-code.ts'

/*
 * The numbers, texts and tables that scripts share with the rest of the code. A script has a placeholder for each list of
 * them: `--[[name]]` and a 0 for each number, '' for each text, or {} for a table.
 */

/** Scores of hours in `minuteOrder` begin here, above those of all minutes. */
const hoursFrom = 1_000_000_000

const moves = runStates.flatMap((state) =>
  Object.entries(runTransitions[state]).map(
    ([name, next]) => `;${stateCode(state)} ${name}=${stateCode(next)}`,
  ),
)

const constants: ReadonlyMap<string, readonly (number | string)[]> = new Map(
  Object.entries({
    moves: [moves.join('')],
    poison: [poisonLimit, suspectStreak, cutBounds.perRun],
    suspect: [suspectStreak],
    protection: [protectedFrom, ...Object.values(protectionLevels)],
    left: [maxProtectedLeft, askPauseMs],
    cuts: [cutBounds.exemptFrom, cutBounds.rememberedMs],
    bounds: [maxPollMs, throughputMinutes, keepRepliesMs, outageGraceShare],
    executions: [retainedExecutions.first, retainedExecutions.last],
    hours: [hoursFrom],
    statistics: [retainedHours, hoursFrom, maxSampledQueues, maxSampledCounters],
    transitions: [retainedTransitions.count, retainedTransitions.ms],
    operations: [retainedOperations.count, retainedOperations.ms],
    definitions: [keepDefinitionMs],
    schedules: [retainedLedgerEntries, knownScheduleRuns, lateFromMs, queuedLookMs, retainedPauses],
    limits: [reservationMs, agedAfter.refusals, agedAfter.waitedMs, maxAgedWaiters, wokenAtOnce],
    steps: [maxWaitingSteps],
    failures: [maxFailureGroups, failureMinutes, maxFailureVersions],
    poisoned: Object.values(poisonedFailure),
    lost: [keepLostMs, maxLostRuns, maxLostWorkers, maxToldWorkers],
    silent: [silentShare, silentFromLeaseMs],
    clock: [noticedMs],
    refusals: [maxRefusals],
    actions: [keepActionsMs],
    recount: [recountPauseMs],
    until: [untilFinished, untilStarted],
  }),
)

const stateNames = runStates.map((state) => state.toUpperCase())

/** The initial value of a placeholder that is no list of constants. */
const texts: ReadonlyMap<string, string> = new Map([
  ['--[[states]]', `local ${stateNames.join(', ')} = ${runStates.map(stateCode).join(', ')}`],
  ['--[[delays]] {}', `{ ${lossDelaysMs.join(', ')} }`],
])

function literal(value: number | string): string {
  return typeof value === 'number' ? String(value) : `'${value}'`
}

function blank(value: number | string): string {
  return typeof value === 'number' ? '0' : "''"
}

/**
 * Replaces a script's placeholders with the constants.
 * @throws Error for a placeholder that is unknown, or has room for more or fewer values than there are.
 */
export function withConstants(name: string, source: string): string {
  return source.replace(
    /--\[\[(\w+)\]\](?: (?:(?:0|'')(?:, (?:0|''))*(?!\w)|\{\}))?/g,
    (placeholder, list: string) => {
      const values = constants.get(list) ?? []
      const expected = `--[[${list}]] ${values.map(blank).join(', ')}`
      const text = placeholder === expected ? values.map(literal).join(', ') : texts.get(placeholder)
      if (text === undefined)
        throw new Error(`script ${name} has the placeholder ${placeholder}, which is unknown`)
      return text
    },
  )
}
