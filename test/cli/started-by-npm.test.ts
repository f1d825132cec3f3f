import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cliFile } from '../support/processes/program-file.ts'
import { type CommandLine, holdFile, ownCommandLine } from './command-line.ts'

const main = cliFile()

/** A command that runs a worker, somewhere below. */
class Launched {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  /** Resolves when the last process that writes to it has ended. */
  readonly ended: Promise<void>
  #output = ''

  constructor(cli: CommandLine, [command = '', ...args]: readonly string[]) {
    const env = { PATH: process.env.PATH ?? '', HOME: cli.folder, npm_config_update_notifier: 'false' }
    const stdio = ['ignore', 'pipe', 'pipe'] satisfies ['ignore', 'pipe', 'pipe']
    // A separate process group, like the one a shell creates for each command in a terminal.
    this.process = spawn(command, args, { cwd: cli.folder, env, stdio, detached: true })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
    }
    this.ended = once(this.process, 'close').then(() => undefined)
    onTestFinished(() => this.signalGroup('SIGKILL'))
  }

  get output(): string {
    return this.#output
  }

  async said(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      await Promise.race([
        once(this.process.stdout, 'data'),
        this.ended.then(() => {
          if (!this.#output.includes(text)) throw new Error(`ended before '${text}': ${this.#output}`)
        }),
      ])
    }
  }

  /** As a terminal sends a Ctrl-C. */
  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.process.pid ?? Number.NaN), signal)
    } catch {
      // It has ended.
    }
  }
}

function workScript(cli: CommandLine): void {
  const work = `"${process.execPath}" "${main}" work "${holdFile}"`
  cli.write('package.json', JSON.stringify({ scripts: { worker: work } }))
}

function canMakePidNamespaces(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a worker started by npm', () => {
  test('drains on a SIGTERM to npm that does not reach the worker', async () => {
    const cli = ownCommandLine()
    workScript(cli)
    const npm = new Launched(cli, ['npm', 'run', 'worker'])
    await npm.said('worker started')
    npm.process.kill('SIGTERM')
    await npm.ended

    expect(npm.output).toMatch(/"signal":"parent ended".*"draining"/)
    expect(npm.output).toContain('"worker stopped"')
    expect(await cli.json('workers')).toEqual({ workers: [], lost: [] })
  })

  test('drains on a Ctrl-C, and does not count the end of its parents as a second one', async () => {
    const cli = ownCommandLine()
    workScript(cli)
    const npm = new Launched(cli, ['npm', 'run', 'worker'])
    await npm.said('worker started')
    const pid = Number(/"pid":(\d+)/.exec(npm.output)?.[1])
    await cli.ok('enqueue', holdFile, 'hold', '--id', 'one')
    await npm.said('holding')
    npm.signalGroup('SIGINT')
    await npm.said('draining')
    const shell = execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' })
    process.kill(Number(shell), 'SIGKILL')
    await once(npm.process, 'exit')
    process.kill(pid, 'SIGUSR2')
    await npm.ended

    expect(npm.output).not.toContain('second signal')
    expect(await cli.json('show', 'one')).toMatchObject({
      run: { state: 'ready', losses: 0 },
      steps: [{ path: 'hold' }],
    })
  })

  test.skipIf(!canMakePidNamespaces())('warns when it is process 1 of a container', async () => {
    const cli = ownCommandLine()
    workScript(cli)
    const container = new Launched(cli, [
      'unshare',
      '--pid',
      '--fork',
      '--mount-proc',
      'npm',
      'run',
      'worker',
    ])
    await container.said('worker started')
    expect(container.output).toMatch(/"level":40.*npm is process 1 of this container/)
  })
})

test('a worker started by another program outlives its parent', async () => {
  const cli = ownCommandLine()
  const shell = new Launched(cli, ['sh', '-c', `"${process.execPath}" "${main}" work "${holdFile}" & wait`])
  await shell.said('worker started')
  const pid = Number(/"pid":(\d+)/.exec(shell.output)?.[1])
  shell.process.kill('SIGKILL')
  await once(shell.process, 'exit')
  await cli.ok('enqueue', holdFile, 'hold', '--id', 'one')
  await shell.said('holding')
  process.kill(pid, 'SIGUSR2')
  process.kill(pid, 'SIGTERM')
  await shell.ended

  expect(shell.output).toContain('"signal":"SIGTERM"')
  expect(shell.output).not.toContain('parent ended')
})
