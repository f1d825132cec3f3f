import { shownUrl } from '../store/shown-url.ts'

/** The store that the person who reads a command has named. */
export interface StoreChoice {
  readonly store?: string
}

/** Returns a command to type, quoted for a shell, for the store in use. */
export function commandLine(words: readonly string[], { store }: StoreChoice): string {
  // An address of the environment is in force for the next command too.
  const given =
    store === undefined || store === process.env.DURABLE_JOBS_STORE ? [] : ['--store', shownUrl(store)]
  return ['durable-jobs', ...words, ...given].map(quoted).join(' ')
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
