import { createInterface } from 'node:readline/promises'

/** Whether somebody can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true
}

/** Asks on the terminal. Resolves to what was typed; '' when the question was left with ctrl-c or ctrl-d. */
export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  const left = new AbortController()
  lines.on('SIGINT', () => left.abort())
  lines.on('close', () => left.abort())
  try {
    return (await lines.question(question, { signal: left.signal })).trim()
  } catch (error) {
    if (!left.signal.aborted) throw error
    process.stdout.write('\n')
    return ''
  } finally {
    lines.close()
  }
}
