import { shownUrl } from '../store/shown-url.ts'

/** The store that the person who reads a command has named. */
export interface StoreChoice {
  readonly store?: string
}

/** Returns a command to type, quoted for a shell, for the store in use. */
export function commandLine(words: readonly string[], options: StoreChoice): string {
  // An address of the environment is in force for the next command too.
  return inStore(['durable-jobs', ...words].map(quoted).join(' '), options)
}

/** The same of a command that is written already. */
export function inStore(command: string, { store }: StoreChoice): string {
  if (store === undefined || store === process.env.DURABLE_JOBS_STORE) return command
  return `${command} --store ${quoted(shownUrl(store))}`
}

/** As a shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
