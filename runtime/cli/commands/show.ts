import type { Command } from 'commander'
import { nextStep } from '../../describe/next-step.ts'
import { readStepOutlines, readSteps, type StepSummary } from '../../describe/step-summary.ts'
import { UnknownRunError } from '../../model/errors.ts'
import type { ExecutionInfo } from '../../store/executions.ts'
import type { HistoryEntry, RunDetails } from '../../store/store.ts'
import { withConnection } from '../connection.ts'
import { print, printJson, printTable } from '../output.ts'
import { runForJson, valueForJson } from '../run-json.ts'
import { executionColumns, historyColumns, runHead, stepColumns, valueText } from '../run-report.ts'
import { addSharedOptions, explainJson, fieldsOfRun, type SharedOptions } from '../shared-options.ts'
import { wholeId } from '../whole-ids.ts'

const fieldsOfSteps = `STEP: path, kind, state, tries, durationMs, storedAt, remainingMs?, orphan?, atMostOnce?, error?, result?
ENTRY: at, kind, by?, reason?, worker?
EXECUTION: n, claimedAt, waitedMs?, worker?, version?, end? { at, transition, until? }; of many the first and the last ones.`

export function addShow(program: Command): void {
  const command = program
    .command('show')
    .description('show a run: where it is and why, its input, steps, history and output')
    .argument('<id>', 'id of the run, or the first characters of a generated one')
  addSharedOptions(
    command,
    '{ run: RUN with its input, steps: [STEP], history: [ENTRY], executions: [EXECUTION] }',
  ).action(show)
  explainJson(command, `${fieldsOfRun}\n${fieldsOfSteps}`)
}

async function show(typed: string, options: SharedOptions): Promise<void> {
  await withConnection(options, async ({ inspector }) => {
    const id = await wholeId(inspector, typed)
    const run = await inspector.run(id)
    if (run === undefined) throw new UnknownRunError(id, inspector.address)
    const [history, executions] = [await inspector.history(id), await inspector.executions(id)]
    if (options.json) {
      const steps = (await readSteps(inspector, id, run.orphans)).map(stepForJson)
      return printJson({ run: runForJson(run), steps, history, executions })
    }
    const steps = await readStepOutlines(inspector, id, run.orphans)
    const places = 'endedAt' in run ? [] : await inspector.linePlaces(id)
    print(runHead(run, places, await nextStep(run, inspector, options)))
    printDetails(run, steps, history, executions)
  })
}

function stepForJson({ result, ...step }: StepSummary): object {
  return result === undefined
    ? step
    : { ...step, result: valueForJson(result, `result of step '${step.path}'`) }
}

function printDetails(
  run: RunDetails,
  steps: readonly StepSummary[],
  history: readonly HistoryEntry[],
  executions: readonly ExecutionInfo[],
): void {
  print(`\nINPUT\n${valueText(run.input, 'input')}`)
  print('')
  if (steps.length > 0) printTable(stepColumns(run), steps)
  else print('no step is stored yet')
  if (history.length > 0) {
    print('')
    printTable(historyColumns, history)
  }
  // A single one adds nothing to the head.
  if (executions.length > 1) {
    print('')
    printTable(executionColumns(executions), executions)
  }
  if (run.state === 'completed') print(`\nOUTPUT\n${valueText(run.output, 'output')}`)
}
