import { formatDuration } from '../../model/format-duration.ts'
import type { CrewMember } from './crew.ts'

export interface Kill {
  readonly member: CrewMember
  /** The step whose body was interrupted. */
  readonly path: string
  readonly at: number
  /** Steps stored by then. */
  readonly stored: number
}

/** The first body that another worker entered after the kill. */
export interface Resumption {
  readonly member: CrewMember
  readonly path: string
  readonly at: number
}

/** A line that stays on the screen. */
export interface Told {
  readonly at: number
  readonly text: string
  readonly tone: 'plain' | 'bad' | 'good'
}

/** The state of the demo so far; a view shows it. */
export interface Story {
  readonly startedAt: number
  /** Candidates in the CSV. */
  readonly candidates: number
  /** Steps that the run will have. */
  readonly steps: number
  /** Steps stored, by the store. */
  stored: number
  crew: readonly CrewMember[]
  /** The step whose body each member is in. */
  readonly inside: Map<CrewMember, string>
  kill: Kill | undefined
  resumption: Resumption | undefined
  readonly told: Told[]
}

export function beginStory(candidates: number, steps: number): Story {
  const empty = { stored: 0, crew: [], inside: new Map(), kill: undefined, resumption: undefined, told: [] }
  return { startedAt: Date.now(), candidates, steps, ...empty }
}

export function tellStory(story: Story, text: string, tone: Told['tone'] = 'plain'): void {
  story.told.push({ at: Date.now(), text, tone })
}

export function tellKill(story: Story, kill: Kill, written: number): void {
  story.kill = kill
  const { member, path } = kill
  const rows = `${written} rows of its transaction written, none committed`
  tellStory(story, `${member.name} killed (SIGKILL) inside ${path}: ${rows}`, 'bad')
}

export function tellResumption(story: Story, kill: Kill, resumption: Resumption): void {
  story.resumption = resumption
  const { member, path, at } = resumption
  const kept = `the ${kill.stored} stored steps don't run again`
  tellStory(
    story,
    `${member.name} continues at ${path}, ${formatDuration(at - kill.at)} later; ${kept}`,
    'good',
  )
}

/** `1,991`. */
export function count(n: number): string {
  return n.toLocaleString('en-US')
}

/** `4.1 s`: since the story began. */
export function sinceStart(story: Story, at: number): string {
  return `${((at - story.startedAt) / 1_000).toFixed(1)} s`
}

/** Describes what a member is doing, in a few words. */
export function activity(story: Story, member: CrewMember): string {
  if (story.kill?.member === member) return `killed inside ${story.kill.path}`
  return story.inside.get(member) ?? (member.ready ? 'ready, nothing to do' : 'starting')
}
