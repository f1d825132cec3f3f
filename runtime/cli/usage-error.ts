import { CommanderError } from 'commander'

/** A command line that can't be carried out: exit code 2. */
export function usageError(message: string): CommanderError {
  return new CommanderError(2, 'durable-jobs.usage', `error: ${message}`)
}
