import { type Command, Option } from 'commander'
import { type Finding, type Severity, severities } from '../../attention/finding.ts'
import { mutedText, unmutedText } from '../../describe/action-result.ts'
import { commandLine, inStore } from '../../describe/command-line.ts'
import { durationToken } from '../../describe/duration-token.ts'
import { byAndWhy } from '../../describe/manual-action.ts'
import { defined } from '../../model/defined.ts'
import { StoreUnavailableError } from '../../model/errors.ts'
import { withConnection } from '../connection.ts'
import { operator } from '../operator.ts'
import { duration } from '../option-values.ts'
import { paint, print, printJson, say, screenWidth } from '../output.ts'
import { inOneLine, wrapAroundCommands } from '../plain-text.ts'
import { reportFailure } from '../report-failure.ts'
import {
  addOperatorOptions,
  addSharedOptions,
  explainJson,
  type OperatorOptions,
  type SharedOptions,
} from '../shared-options.ts'

interface AttentionOptions extends SharedOptions {
  readonly severity?: Severity
  readonly muted?: boolean
}

const exitCodes = { findings: 3, unreachable: 2 } as const
const colours = { critical: 'red', warning: 'yellow', notice: 'cyan' } as const

/** `attention` lists; its subcommands mute and unmute a finding. */
export function addAttention(program: Command): void {
  const command = program
    .command('attention')
    .description(
      'list what needs a person now; exit 0 nothing, 3 something, 2 the store can’t be reached or the command line is wrong, 1 other errors',
    )
    .addOption(
      new Option('--severity <severity>', 'only this severity and more severe ones').choices(severities),
    )
    .option('--muted', 'muted findings too')
  addSharedOptions(command, '{ findings: [FINDING], muted }').action(listFindings)
  explainJson(
    command,
    `FINDING: id, kind, severity critical | warning | notice, since, sinceAtLeast? (it began then or before), beginUnknown? (since is now), sentence, next (a command),
filter? (of the runs it is about), nearby? (what changed near its begin), muted? { until, by, reason? }.
muted: how many findings were left out because they are muted.`,
  )
  addMute(command)
  addUnmute(command)
}

async function listFindings(options: AttentionOptions): Promise<void> {
  const { severity, muted = false, json } = options
  try {
    await withConnection(options, async (jobs) => {
      const all = await jobs.attention({ ...defined({ severity }), muted: true })
      const findings = muted ? all : all.filter((finding) => finding.muted === undefined)
      if (findings.length > 0) process.exitCode = exitCodes.findings
      const hidden = all.length - findings.length
      if (json) return printJson({ findings, muted: hidden })
      for (const finding of findings) print(`${findingText(finding, options)}\n`)
      say(countText(findings, hidden))
    })
  } catch (error) {
    if (!StoreUnavailableError.is(error)) throw error
    reportFailure(error, json === true)
    process.exitCode = exitCodes.unreachable
  }
}

const indent = '  '

/** Severity, id and age; below that the sentence, what changed near its begin, its mute, and what to run next. */
function findingText(finding: Finding, options: AttentionOptions): string {
  const { severity, id, sentence, nearby, muted, next } = finding
  const head = `${paint(colours[severity], severity.padEnd(8))}  ${inOneLine(id)}${ageText(finding)}`
  const lines = [
    sentence,
    ...(nearby === undefined ? [] : [nearby]),
    ...(muted === undefined
      ? []
      : [`muted until ${new Date(muted.until).toISOString()} by ${byAndWhy(muted)}`]),
    `next: ${inStore(next, options)}`,
  ]
  const width = screenWidth()
  const body = lines.flatMap((line) =>
    wrapAroundCommands(inOneLine(line), width === undefined ? undefined : width - indent.length),
  )
  return [head, ...body.map((line) => indent + line)].join('\n')
}

function ageText({ since, sinceAtLeast, beginUnknown }: Finding): string {
  if (beginUnknown) return ''
  return `  for ${sinceAtLeast ? 'at least ' : ''}${durationToken(Date.now() - since)}`
}

function countText(findings: readonly Finding[], hidden: number): string {
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length
  const parts = severities.filter((severity) => count(severity) > 0).map((one) => counted(count(one), one))
  const found = parts.length === 0 ? 'nothing needs attention' : parts.join(', ')
  return hidden === 0 ? found : `${found}; ${hidden} muted (--muted shows ${hidden === 1 ? 'it' : 'them'})`
}

function counted(n: number, severity: Severity): string {
  return n === 1 || severity === 'critical' ? `${n} ${severity}` : `${n} ${severity}s`
}

function addMute(attention: Command): void {
  const command = attention
    .command('mute')
    .description('hide a finding for a while, for all users')
    .argument('<id>', 'as attention prints it')
    .requiredOption('--for <duration>', 'how long, at most 30d', duration)
  addOperatorOptions(command, '{ finding, until, found }, found: whether there is such a finding now').action(
    mute,
  )
}

async function mute(finding: string, options: OperatorOptions & { readonly for: number }): Promise<void> {
  await withConnection(options, async (jobs) => {
    const until = await jobs.muteFinding(finding, { for: options.for, ...operator(options) })
    const found = (await jobs.attention({ muted: true })).some(({ id }) => id === finding)
    if (options.json) return printJson({ finding, until: until.getTime(), found })
    const back = commandLine(['attention', 'unmute', finding], options)
    const missing = found ? '' : ' (no such finding now)'
    say(inOneLine(`${mutedText(finding, until)}${missing}; end it before with: ${back}`))
  })
}

function addUnmute(attention: Command): void {
  const command = attention
    .command('unmute')
    .description('end a mute before its time')
    .argument('<id>', 'as attention --muted prints it')
  addOperatorOptions(command, '{ finding, wasMuted }').action(unmute)
}

async function unmute(finding: string, options: OperatorOptions): Promise<void> {
  await withConnection(options, async (jobs) => {
    const wasMuted = await jobs.unmuteFinding(finding, operator(options))
    if (options.json) return printJson({ finding, wasMuted })
    say(unmutedText(finding, wasMuted))
  })
}
