import type { Command } from 'commander'
import type { Jobs } from '../../client/client.ts'
import type { LimiterChange } from '../../client/limiters.ts'
import { limiterSetText } from '../../describe/action-result.ts'
import { commandLine } from '../../describe/command-line.ts'
import { durationToken } from '../../describe/duration-token.ts'
import { byHandText, ruleText } from '../../describe/rule-text.ts'
import { RunStateError } from '../../model/errors.ts'
import { ruleNames } from '../../model/limiter.ts'
import type { LimiterInfo, LimiterKeyInfo } from '../../store/limiters.ts'
import { withConnection } from '../connection.ts'
import { fieldsOfLimitKey, showLimitKey } from '../limit-key.ts'
import { operator } from '../operator.ts'
import { pairs, wholeNumber } from '../option-values.ts'
import { paint, print, printJson, printTable, remark, say } from '../output.ts'
import { inOneLine } from '../plain-text.ts'
import { addOperatorOptions, explainJson, type OperatorOptions } from '../shared-options.ts'
import type { Column } from '../table.ts'
import { usageError } from '../usage-error.ts'

interface LimitsOptions extends OperatorOptions {
  readonly set?: Readonly<Record<string, string>>
  readonly reset?: boolean
  readonly key?: string
  readonly limit: number
  readonly cursor?: string
}

const columns: readonly Column<LimiterInfo>[] = [
  { title: 'LIMITER', cell: ({ name }) => name },
  { title: 'KIND', cell: ({ rule }) => rule.kind, drops: 2 },
  { title: 'RULE', cell: ({ rule }) => ruleText(rule) },
  { title: 'KEYS', align: 'right', cell: ({ keys }) => keys, drops: 1 },
  { title: 'WAITING', align: 'right', cell: ({ waiting }) => waiting },
  {
    title: 'SET MANUALLY',
    cell: ({ byHand }) => (byHand === undefined ? '' : byHandText(byHand)),
    paint: (text) => paint('yellow', text),
    shrinks: true,
  },
]

const keyColumns: readonly Column<LimiterKeyInfo>[] = [
  { title: 'KEY', cell: ({ key }) => (key === '' ? '(all)' : key), shrinks: true },
  { title: 'USED', align: 'right', cell: ({ used }) => used },
  { title: 'MAX', align: 'right', cell: ({ max }) => max },
  { title: 'WAITING', align: 'right', cell: ({ waiting }) => waiting },
  {
    title: 'OPENS IN',
    align: 'right',
    cell: ({ opensInMs }) => (opensInMs === undefined || opensInMs === 0 ? '' : durationToken(opensInMs)),
  },
  {
    title: 'PAUSED FOR',
    align: 'right',
    cell: ({ closedMs }) => (closedMs === undefined ? '' : durationToken(closedMs)),
    paint: (text) => paint('yellow', text),
  },
]

/** Lists the numbers for `--set`, a line per kind. */
function settableNumbers(): string {
  const lines = Object.entries(ruleNames).map(
    ([kind, names]) => `  ${kind.padEnd(15)}${Object.values(names).join(', ')}`,
  )
  return `\nNumbers that --set takes, by kind:\n${lines.join('\n')}`
}

export function addLimits(program: Command): void {
  const command = program
    .command('limits')
    .description('list limiters, the keys of one, the holders and waiters of a key, or set numbers manually')
    .argument('[name]', 'one limiter: list its keys, or change it')
    .option(
      '--set <number=value>',
      'change it for all workers from now on: --set limit=5 --set window=1m',
      pairs("'number=value', such as max=5"),
    )
    .option('--reset', "the code's numbers again")
    .option('--key <key>', "list the holders and waiters of this key; '' for a limiter without keys")
    .option('--limit <n>', 'with --key: at most this many of each', wholeNumber(1, 1000), 50)
    .option('--cursor <cursor>', 'with --key: continue the waiters after the previous page')
  addOperatorOptions(
    command,
    '{ limiters: [LIMITER] }, with a name { limiter, keys: [KEY] }, with --key { limiter, key, holders: [HOLDER], holdersCursor?, waiters: [WAITER], cursor? }',
  ).action(limits)
  command.addHelpText('after', settableNumbers())
  explainJson(
    command,
    `LIMITER: name, rule { kind, max, everyMs, refill }, keys, waiting, byHand? { by, reason?, at, code }
KEY: limiter, key, used, max, waiting, opensInMs?, closedMs?, first? { run, waitingSince? } (the first in line)
${fieldsOfLimitKey}`,
  )
}

async function limits(name: string | undefined, options: LimitsOptions): Promise<void> {
  const changes = options.set !== undefined || options.reset === true
  if (changes && name === undefined)
    throw usageError('name the limiter to change: durable-jobs limits NAME --set …')
  if (options.key !== undefined && (name === undefined || changes))
    throw usageError('--key needs the name of one limiter: durable-jobs limits NAME --key KEY')
  if (options.cursor !== undefined && options.key === undefined)
    throw usageError('--cursor needs --key: it continues the waiters of that key')
  if (options.set !== undefined && options.reset) throw usageError('write --set or --reset, not both')
  await withConnection(options, async (jobs) => {
    if (name !== undefined && changes) await change(jobs, name, options)
    else if (name === undefined) await list(jobs, options)
    else if (options.key === undefined) await listKeys(jobs, name, options)
    else await showLimitKey(jobs, await limiterNamed(jobs, name), { ...options, key: options.key })
  })
}

async function list(jobs: Jobs, options: LimitsOptions): Promise<void> {
  const limiters = await jobs.limits.list()
  if (options.json) return printJson({ limiters })
  if (limiters.length > 0) printTable(columns, limiters)
  else
    remark(
      `no limiter is known in ${jobs.inspector.address}: workers register the limiters of their code (a step's limiter: when the step first runs)`,
    )
}

async function listKeys(jobs: Jobs, name: string, options: LimitsOptions): Promise<void> {
  const limiter = await limiterNamed(jobs, name)
  const keys = await jobs.limits.keys(name)
  if (options.json) return printJson({ limiter, keys })
  say(`${name}: ${limiter.rule.kind}, ${ruleText(limiter.rule)}`)
  if (limiter.byHand !== undefined)
    say(inOneLine(`set ${byHandText(limiter.byHand)}`), (line) => paint('yellow', line))
  print('')
  if (keys.length > 0) printTable(keyColumns, keys)
  else remark('no key of it is in use')
}

async function limiterNamed(jobs: Jobs, name: string): Promise<LimiterInfo> {
  const limiter = (await jobs.limits.list()).find((one) => one.name === name)
  if (limiter !== undefined) return limiter
  throw new RunStateError(`no limiter '${name}' in this store; durable-jobs limits lists them`)
}

async function change(jobs: Jobs, name: string, options: LimitsOptions): Promise<void> {
  const rule =
    options.set === undefined
      ? await jobs.limits.reset(name, operator(options))
      : await jobs.limits.set(name, numbers(options.set), operator(options))
  if (options.json) return printJson({ name, rule })
  const back = options.reset
    ? ''
    : `; back to the code's numbers with: ${commandLine(['limits', name, '--reset'], options)}`
  say(`${limiterSetText(name, rule)}${back}`)
}

/** Names and values as typed; `set` refuses numbers that the limiter does not have. */
function numbers(set: Readonly<Record<string, string>>): LimiterChange {
  return Object.fromEntries(
    Object.entries(set).map(([name, text]) => [name, /^\d+$/.test(text) ? Number(text) : text]),
  ) as LimiterChange
}
