import { CommanderError } from 'commander'
import { DurableJobsError } from '../model/durable-jobs-error.ts'
import { InvalidOptionsError } from '../model/invalid-options-error.ts'
import { messageOf, nameOf, readProperty } from '../model/thrown.ts'
import { remark } from './output.ts'
import { plainText } from './plain-text.ts'

interface Failure {
  readonly code: string
  readonly name: string
  readonly message: string
  readonly exitCode: 1 | 2
}

/** Prints an error on stderr, one line or one JSON object, and returns the exit code. */
export function reportFailure(error: unknown, json: boolean, program = 'durable-jobs'): number {
  const { exitCode, ...failure } = describeFailure(error)
  // Without a command, Commander has printed the help already.
  const helpShown = error instanceof CommanderError && error.code === 'commander.help'
  if (json) process.stderr.write(`${JSON.stringify({ error: failure })}\n`)
  else if (!helpShown) remark(`${program}: ${plainText(failure.message)}`)
  return exitCode
}

function describeFailure(error: unknown): Failure {
  if (error instanceof CommanderError) {
    return { code: 'USAGE', name: 'UsageError', message: usageMessage(error), exitCode: 2 }
  }
  if (DurableJobsError.is(error)) {
    const exitCode = InvalidOptionsError.is(error) ? 2 : 1
    return { code: error.code, name: nameOf(error), message: messageOf(error), exitCode }
  }
  // Unexpected, so a defect or a job file's own code: the stack helps here.
  const stack = readProperty(error, 'stack')
  const text = typeof stack === 'string' ? stack : messageOf(error)
  return { code: 'UNEXPECTED', name: 'UnexpectedError', message: `unexpected error: ${text}`, exitCode: 1 }
}

function usageMessage(error: CommanderError): string {
  if (error.code === 'commander.help') return 'no command given'
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ')
  const saysWhatToDo = error.code === 'commander.invalidArgument' || message.includes('Did you mean')
  return saysWhatToDo ? message : `${message.replace(/\.$/, '')}; --help shows how it is used`
}
