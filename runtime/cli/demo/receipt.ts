import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { StepSummary } from '../../describe/step-summary.ts'
import { formatDuration } from '../../model/format-duration.ts'
import { readCandidateRows } from './candidate-table.ts'
import { type Candidate, readCandidates } from './candidates.ts'
import type { DemoFolder } from './demo-folder.ts'
import { type Effect, readEffects } from './effects.ts'
import type { Ending } from './play-import.ts'
import { count, type Kill, type Story } from './story.ts'

/** One claim of the demo, and the finding. */
export interface Check {
  readonly name: string
  readonly holds: boolean
  readonly found: string
}

/**
 * The claims of the demo, checked afterwards: the journal of the store against the records of the bodies, the table and
 * the outbox against the CSV.
 */
export function checkEnding(story: Story, folder: DemoFolder, ending: Ending): readonly Check[] {
  const effects = readEffects(folder.effects)
  const { candidates, invalid } = readCandidates(readFileSync(folder.csv, 'utf8'))
  return [
    checkKill(story.kill, effects),
    checkSteps(story, ending.steps, effects),
    checkResumption(story, ending),
    checkRows(folder, candidates, invalid.length),
    checkMails(folder, candidates, effects),
    checkRun(story, ending),
  ]
}

function checkKill(kill: Kill | undefined, effects: readonly Effect[]): Check {
  if (kill === undefined) return { name: 'killed', holds: false, found: 'nobody' }
  const { member, path, at } = kill
  const ended = effects.some(
    (effect) => effect.pid === member.pid && effect.path === path && effect.moment === 'ended',
  )
  const found = `${member.name} (pid ${member.pid}) by ${member.end ?? 'nothing'} at ${clockTime(at)} in ${path}`
  return { name: 'killed', holds: member.end === 'SIGKILL' && !ended, found }
}

/** Every stored step's body was entered once; only the interrupted one was entered again. */
function checkSteps(story: Story, steps: readonly StepSummary[], effects: readonly Effect[]): Check {
  const entered = (path: string): number =>
    effects.filter((effect) => effect.path === path && effect.moment === 'began').length
  const killedAt = story.kill?.at ?? 0
  const before = steps.filter(({ state, storedAt }) => state === 'done' && storedAt <= killedAt)
  const again = before.filter(({ path }) => entered(path) !== 1)
  const after = steps.filter((step) => !before.includes(step))
  const twice = after.filter(({ path }) => entered(path) !== 1).map(({ path }) => path)
  const asExpected = twice.length === 1 && twice[0] === story.kill?.path
  return {
    name: 'steps',
    holds: before.length > 0 && again.length === 0 && asExpected && steps.length === story.steps,
    found: `${before.length} stored by then, ${again.length} run again; begun twice: ${twice.join(', ') || 'none'}`,
  }
}

function checkResumption({ kill, resumption }: Story, { run }: Ending): Check {
  if (kill === undefined || resumption === undefined) return { name: 'resumed', holds: false, found: 'never' }
  const { member, path, at } = resumption
  return {
    name: 'resumed',
    holds: path === kill.path && run.losses === 1,
    found: `by ${member.name} (pid ${member.pid}) at ${path}, ${formatDuration(at - kill.at)} after the kill`,
  }
}

function checkRows(folder: DemoFolder, candidates: readonly Candidate[], invalid: number): Check {
  const rows = readCandidateRows(folder.table)
  const wanted = new Map(candidates.map((candidate) => [candidate.line, candidate]))
  const good = rows.filter(({ line, name, email, inserts }) => {
    const candidate = wanted.get(line)
    return candidate?.name === name && candidate.email === email && inserts === 1
  })
  const check = onceEach('rows', 'inserted', good.length, rows.length, candidates.length)
  return { ...check, found: `${check.found}; ${invalid} lines were invalid` }
}

function checkMails(folder: DemoFolder, candidates: readonly Candidate[], effects: readonly Effect[]): Check {
  const files = readdirSync(folder.outbox)
  const recipients = files.map((file) => readRecipient(join(folder.outbox, file)))
  const wanted = new Set(candidates.map(({ email }) => email))
  const good = new Set(recipients.filter((email) => wanted.has(email)))
  const repeats = effects.filter(({ moment }) => moment === 'repeated').length
  return onceEach('mails', 'sent', good.size - repeats, files.length, candidates.length)
}

function onceEach(name: string, verb: string, good: number, all: number, wanted: number): Check {
  const holds = good === wanted && all === wanted
  const more = holds ? '' : ` (${count(all)} in all)`
  return { name, holds, found: `${count(good)} of ${count(wanted)} ${verb} once each${more}` }
}

function checkRun(story: Story, { run }: Ending): Check {
  const endedAt = 'endedAt' in run ? run.endedAt : Date.now()
  const why = run.state === 'failed' ? `: ${run.error.message}` : ''
  const found = `${run.state}${why}, ${formatDuration(endedAt - story.startedAt)} after the demo began`
  return { name: 'run', holds: run.state === 'completed', found }
}

function readRecipient(file: string): string {
  return /^To: (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
}

/** `14:03:22.123` */
function clockTime(at: number): string {
  const date = new Date(at)
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
