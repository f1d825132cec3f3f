import type { Command } from 'commander'
import { commandLine } from '../../describe/command-line.ts'
import { filterText } from '../../describe/filter-words.ts'
import { byAndWhy } from '../../describe/manual-action.ts'
import { UnknownActionError } from '../../model/errors.ts'
import { type ActionInfo, type ActionTarget, keepActionsMs } from '../../store/actions.ts'
import { fieldsOfAction } from '../actions/action-options.ts'
import { outcomeText } from '../actions/outcome-text.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { wholeNumber } from '../option-values.ts'
import { paint, printJson, printTable, remark, say } from '../output.ts'
import { inOneLine } from '../plain-text.ts'
import { ago } from '../run-text.ts'
import { addOperatorOptions, explainJson, type OperatorOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'
import { usageError } from '../usage-error.ts'
import { wholeActionId } from '../whole-ids.ts'

interface ActionsOptions extends OperatorOptions {
  readonly limit: number
  readonly end?: boolean
}

const columns: readonly Column<ActionInfo>[] = [
  { title: 'ACTION', cell: ({ id }) => id },
  { title: 'KIND', cell: ({ action }) => action },
  { title: 'DONE', align: 'right', cell: ({ done }) => done, drops: 4 },
  { title: 'REFUSED', align: 'right', cell: ({ refused }) => refused, drops: 3 },
  { title: 'BEGUN', align: 'right', cell: ({ startedAt }) => ago(startedAt), drops: 2 },
  {
    title: 'ENDED',
    align: 'right',
    cell: ({ endedAt }) => (endedAt === undefined ? 'no' : ago(endedAt)),
    paint: (text, { endedAt }) => (endedAt === undefined ? paint('yellow', text) : text),
  },
  { title: 'RUNS', cell: ({ target }) => targetText(target), shrinks: true, least: 29 },
  { title: 'BY', cell: byAndWhy, shrinks: true, drops: 1 },
]

export function addActions(program: Command): void {
  const days = keepActionsMs / 86_400_000
  const command = program
    .command('actions')
    .description(
      `list retries, cancels and removes of many runs of the last ${days} days, or show or end one`,
    )
    .argument('[id]', 'one action, by its id or the first characters of a generated one')
    .option('--limit <n>', 'at most this many', wholeNumber(1, 100), 20)
    .option('--end', 'end this action after its current chunk, even if another process is carrying it out')
  addOperatorOptions(command, '{ actions: [ACTION] }, with an id { action: ACTION }').action(actions)
  explainJson(command, fieldsOfAction)
}

async function actions(typed: string | undefined, options: ActionsOptions): Promise<void> {
  if (typed === undefined && options.end)
    throw usageError('name the action to end: durable-jobs actions ID --end')
  await withConnection(options, async (jobs) => {
    if (typed === undefined) {
      const found = await jobs.actions.list({ limit: options.limit })
      if (options.json) return printJson({ actions: found })
      if (found.length > 0) printTable(columns, found)
      else remark(`no action in ${jobs.inspector.address}`)
      return
    }
    const id = await wholeActionId(jobs.inspector, typed)
    const action = options.end ? await jobs.actions.end(id, operator(options)) : await jobs.actions.get(id)
    if (action === undefined) throw new UnknownActionError(id)
    if (options.json) printJson({ action })
    else say(actionText(action, options))
  })
}

function actionText(action: ActionInfo, options: ActionsOptions): string {
  const { id, action: kind, target, startedAt, endedAt } = action
  const ended =
    endedAt === undefined
      ? `has not ended; if no process is carrying it out, continue with: ${commandLine([kind, '--continue', id], options)}`
      : `ended ${ago(endedAt)}`
  return [
    inOneLine(`${kind} of ${targetText(target)}, begun ${ago(startedAt)} by ${byAndWhy(action)}`),
    ended,
    outcomeText(action),
  ].join('\n')
}

/** Formats the target as the options of the command. */
function targetText(target: ActionTarget): string {
  if (target.kind === 'runs')
    return target.ids.length === 1 ? (target.ids[0] ?? '') : `${target.ids.length} ids`
  return filterText(target.filter)
}
