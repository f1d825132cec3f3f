import { shownUrl } from '../store/shown-url.ts'

/** The store that the user's command has named. */
export interface StoreChoice {
  readonly store?: string
}

/** Returns a command to type, quoted for a shell, for the store in use. */
export function commandLine(words: readonly string[], options: StoreChoice): string {
  // The environment's address applies to the next command too.
  return inStore(['durable-jobs', ...words].map(quoted).join(' '), options)
}

/** Returns the same for a command that is already quoted. */
export function inStore(command: string, { store }: StoreChoice): string {
  if (store === undefined || store === process.env.DURABLE_JOBS_STORE) return command
  return `${command} --store ${quoted(shownUrl(store))}`
}

/** Quotes a word for a shell. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
