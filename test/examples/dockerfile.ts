import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Instruction {
  readonly name: string
  readonly text: string
}

/** The start settings of a container of the image. */
export interface Image {
  /** Where `/` of the image is. */
  readonly root: string
  /** The working directory, inside `root`. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly stopSignal: string
  readonly command: readonly string[]
}

interface Stage {
  readonly root: string
  readonly env: Record<string, string>
  workdir: string
  user: string
  stopSignal: string
  command: readonly string[]
}

export function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, name, rest] = /^([A-Z]+) (.*[^\\])$/.exec(line) ?? []
    if (name === undefined || rest === undefined) throw new Error(`not read here: ${line}`)
    return { name, text: rest }
  })
}

/**
 * Carries out a Dockerfile without a container engine: each stage is a folder, `COPY` copies, `RUN` runs on this host with
 * `hostEnv`. A base image is an empty folder; programs are the host's.
 */
export async function buildImage(
  instructions: readonly Instruction[],
  { context, into, hostEnv }: { context: string; into: string; hostEnv: Readonly<Record<string, string>> },
): Promise<Image> {
  const stages = new Map<string, Stage>()
  let stage: Stage | undefined
  for (const { name, text } of instructions) {
    if (name === 'FROM') {
      const alias = / AS (\S+)$/.exec(text)?.[1] ?? 'final'
      stage = newStage(join(into, alias))
      stages.set(alias, stage)
    } else if (stage === undefined) throw new Error(`${name} before FROM`)
    else await carryOut(name, text, stage, { context, stages, hostEnv })
  }
  if (stage === undefined) throw new Error('no FROM')
  const { root, workdir, env, user, stopSignal, command } = stage
  return { root, folder: join(root, workdir), env, user, stopSignal, command }
}

function newStage(root: string): Stage {
  mkdirSync(root, { recursive: true })
  return { root, env: {}, workdir: '/', user: 'root', stopSignal: 'SIGTERM', command: [] }
}

interface Surroundings {
  readonly context: string
  readonly stages: ReadonlyMap<string, Stage>
  readonly hostEnv: Readonly<Record<string, string>>
}

async function carryOut(name: string, text: string, stage: Stage, around: Surroundings): Promise<void> {
  switch (name) {
    case 'WORKDIR':
      stage.workdir = resolve(stage.workdir, text)
      mkdirSync(join(stage.root, stage.workdir), { recursive: true })
      return
    case 'ENV': {
      const at = text.indexOf('=')
      stage.env[text.slice(0, at)] = text.slice(at + 1)
      return
    }
    case 'COPY':
      copy(text, stage, around)
      return
    case 'RUN': {
      const cwd = join(stage.root, stage.workdir)
      await run('sh', ['-c', text], { cwd, env: { ...around.hostEnv, ...stage.env } })
      return
    }
    case 'USER':
      stage.user = text
      return
    case 'STOPSIGNAL':
      stage.stopSignal = text
      return
    case 'CMD':
      // The shell form is no JSON.
      stage.command = JSON.parse(text) as string[]
      return
    default:
      throw new Error(`not carried out here: ${name}`)
  }
}

function copy(text: string, stage: Stage, { context, stages }: Surroundings): void {
  const words = text.split(' ')
  const from = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
  const destination = words.pop() ?? ''
  const base = from === undefined ? context : stages.get(from)?.root
  if (base === undefined) throw new Error(`no stage ${from}`)
  const target = join(stage.root, resolve(stage.workdir, destination))
  for (const source of words) {
    const path = join(base, source)
    // Of a folder its content is copied, of a file the file.
    const into =
      statSync(path).isDirectory() || !destination.endsWith('/') ? target : join(target, basename(source))
    cpSync(path, into, { recursive: true, verbatimSymlinks: true })
  }
}
