import { setTimeout as pause } from 'node:timers/promises'
import { connect, type Jobs } from '../../client/client.ts'
import { readSteps, type StepSummary } from '../../describe/step-summary.ts'
import { isEnd } from '../../model/run.ts'
import type { RunId } from '../../model/run-id.ts'
import type { RunDetails } from '../../store/store.ts'
import { chunkSize } from './candidates.ts'
import { type Crew, type CrewMember, startCrew } from './crew.ts'
import type { DemoFolder } from './demo-folder.ts'
import type { Effect } from './effects.ts'
import { importCandidates } from './import-candidates.ts'
import { type Story, tellKill, tellResumption, tellStory } from './story.ts'

export interface Play {
  readonly folder: DemoFolder
  readonly store: string
  /** Of this demo alone, so that no other worker takes its run. */
  readonly queue: string
  /** The chunk of rows in whose middle its worker is killed, or one soon after. */
  readonly killAt: number
  readonly story: Story
  /** Shows the current story. */
  readonly show: () => void
  readonly interrupted: AbortSignal
}

/** How the run ended, according to the store. */
export interface Ending {
  readonly run: RunDetails
  readonly steps: readonly StepSummary[]
}

/** The demo can't continue; the message says why. */
export class DemoError extends Error {}

const workers = 2
const frameMs = 50
const maxMs = 60_000
/** Well below the time that a chunk still takes after its first half. */
const freshMs = 60

/**
 * Starts two workers, enqueues the import, kills the worker that works on it, and waits for its end. No worker is left
 * when it ends, in any case. @throws DemoError
 */
export async function playImport(play: Play): Promise<Ending> {
  const jobs = await connect(play.store)
  const crew = startCrew(workers, play.store, play.queue, {
    onReady: ({ name, pid }) => tellStory(play.story, `${name} is ready, process ${pid}`),
    onEffect: (member, effect) => follow(play, crew, member, effect),
  })
  play.story.crew = crew.members
  const killAll = (): void => crew.killAll()
  // Before anything else that happens then, such as removing the folder.
  process.prependOnceListener('exit', killAll)
  try {
    await watch(play, crew, async () => crew.members.every(({ ready }) => ready))
    return await runImport(play, crew, jobs)
  } finally {
    crew.killAll()
    await crew.gone()
    process.off('exit', killAll)
    await jobs.close()
  }
}

async function runImport(play: Play, crew: Crew, jobs: Jobs): Promise<Ending> {
  const job = importCandidates(play.queue, () => undefined)
  const { id } = await jobs.enqueue(job, { folder: play.folder.root })
  tellStory(play.story, `import-candidates is enqueued as run ${id}`)
  try {
    await watch(play, crew, async () => {
      const run = await readRun(jobs, id)
      play.story.stored = Math.min(run.position, play.story.steps)
      return isEnd(run.state)
    })
  } catch (error) {
    await jobs.run(id).cancel({ reason: 'the demo was aborted' })
    throw error
  }
  return { run: await readRun(jobs, id), steps: await readSteps(jobs.inspector, id) }
}

async function readRun(jobs: Jobs, id: RunId): Promise<RunDetails> {
  const run = await jobs.inspector.run(id)
  if (run === undefined) throw new DemoError(`run ${id} has vanished from the store`)
  return run
}

/** Shows the story, frame by frame, until `done`. */
async function watch(play: Play, crew: Crew, done: () => Promise<boolean>): Promise<void> {
  for (;;) {
    const ended = await done()
    play.show()
    if (ended) return
    if (play.interrupted.aborted) throw new DemoError('interrupted')
    const dead = crew.members.find((member) => member.end !== undefined && play.story.kill?.member !== member)
    if (dead !== undefined)
      throw new DemoError(`${dead.name} ended by itself: ${dead.end}\n${crew.complaints}`)
    if (Date.now() - play.story.startedAt > maxMs) {
      throw new DemoError(`the run has not ended within ${maxMs / 1_000} s\n${crew.complaints}`)
    }
    await pause(frameMs)
  }
}

/** Handles a body's report. */
function follow(play: Play, crew: Crew, member: CrewMember, effect: Effect): void {
  const { story } = play
  const { path, at, moment } = effect
  const chunk = chunkToKillIn(play, effect)
  if (chunk !== undefined) {
    const killedAt = Date.now()
    crew.kill(member)
    // Stored by then: validate, and the chunks before this one.
    tellKill(story, { member, path, at: killedAt, stored: chunk }, chunkSize / 2)
  }
  if (moment === 'ended') story.inside.delete(member)
  if (moment !== 'began') return
  story.inside.set(member, path)
  const { kill, resumption } = story
  if (kill !== undefined && kill.member !== member && resumption === undefined) {
    tellResumption(story, kill, { member, path, at })
  }
}

/** The chunk in whose middle the worker is now, if it should die there. */
function chunkToKillIn({ story, killAt }: Play, { moment, path, at }: Effect): number | undefined {
  const chunk = Number(/^insert rows\[(\d+)\]$/.exec(path)?.[1])
  if (story.kill !== undefined || moment !== 'half done' || !(chunk >= killAt)) return undefined
  // On a busy machine the message may come too late; then the next chunk is used.
  return Date.now() - at < freshMs ? chunk : undefined
}
