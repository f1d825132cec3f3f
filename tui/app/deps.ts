import type { Screens } from '../screens/screen.ts'
import type { Verb } from './verb.ts'

/** The parts that the app is built from. */
export interface AppDeps {
  readonly screens: Screens
  /** By command. */
  readonly verbs: Readonly<Record<string, Verb>>
}
