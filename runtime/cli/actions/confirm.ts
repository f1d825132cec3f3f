import { createInterface } from 'node:readline/promises'

/** Returns whether there is a terminal to ask on. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true
}

/** Asks on the terminal. Resolves to the typed text; '' after ctrl-c or ctrl-d. */
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
