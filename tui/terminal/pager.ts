import { spawn } from 'node:child_process'

/**
 * A command that `exec` can run: a program and its arguments, without assignments, lists, pipes or substitutions.
 * Shell words that are no programs stay with the shell too.
 */
const plainCommand = /^(?!(?:exec|command|builtin|eval)\s)[\w./~+-]+(?:[ \t]+[^;|&\n(){}<>`$]*)?$/

/**
 * The pager replaces the shell if possible: a signal to the child's pid then ends the pager itself, not only the shell
 * that waits for it. In a process group of its own the pager would lose the terminal.
 */
function shellCommand(command: string): string {
  const trimmed = command.trim()
  return plainCommand.test(trimmed) ? `exec ${trimmed}` : command
}

/** Shows text in the user's pager, and resolves when that has ended; `signal` ends it. Rejects when there is none. */
export async function page(text: string, signal: AbortSignal): Promise<void> {
  const command = process.env.PAGER || 'less'
  const pager = spawn(shellCommand(command), { shell: true, stdio: ['pipe', 'inherit', 'inherit'], signal })
  const ended = new Promise<number | null>((resolve, reject) => {
    pager.once('error', (error) => {
      if (!signal.aborted) reject(error)
    })
    pager.once('close', resolve)
  })
  // It may end before it has read all.
  pager.stdin.on('error', () => undefined)
  pager.stdin.end(text)
  const code = await ended
  // A shell's exit code for an unknown command.
  if (code === 127) throw new Error(`there is no '${command}'; set PAGER to a program that shows text`)
}
