import type { Screens } from '../screens/screen.ts'
import type { Verb } from './verb.ts'

/** What the app is put together from. */
export interface AppDeps {
  readonly screens: Screens
  /** By command. */
  readonly verbs: Readonly<Record<string, Verb>>
}
