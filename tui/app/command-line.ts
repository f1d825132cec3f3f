import { bindingsOf } from '../keymap.ts'
import type { AppState } from './app-state.ts'
import { isKnown } from './commands.ts'
import type { AppDeps } from './deps.ts'
import { type ScreenName, screenNames, type Target } from './place.ts'
import { shownPlace } from './places.ts'

/** The meaning of a line after `:`. */
export type Completion =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'screen'; readonly target: Target }
  | { readonly kind: 'command'; readonly command: string }
  | { readonly kind: 'unknown'; readonly problem: string }

const aliases: Readonly<Record<string, string>> = {
  q: 'quit at once',
  quit: 'quit at once',
  schedules: 'cron',
}

/** The argument of a screen about one subject. */
const subjects: Readonly<Partial<Record<ScreenName, string>>> = {
  run: 'the id of a run',
  step: 'the id of a run and the path of a step',
}

/**
 * `runs state:failed` opens a screen with a filter, `run ID` a run; any other first word is a command of the shown
 * screen. An unambiguous beginning suffices.
 */
export function completionOf(line: string, state: AppState, deps: AppDeps): Completion {
  const [word = '', ...rest] = line.trim().split(/\s+/)
  if (word === '') return { kind: 'nothing' }
  const more = rest.join(' ')
  const names = namesFor(state, deps)
  const whole = line.trim()
  const name = found(aliases[whole] ?? whole, names) ?? found(aliases[word] ?? word, names)
  if (name === undefined) {
    return {
      kind: 'unknown',
      problem: `'${word}' is neither a screen nor a command; there are ${screenList(deps)}`,
    }
  }
  const screen = screenNames.find((one) => one === name)
  if (screen === undefined) return { kind: 'command', command: name }
  const subject = subjects[screen]
  if (subject !== undefined) {
    if (more === '') return { kind: 'unknown', problem: `${screen}: write ${subject} behind it` }
    return { kind: 'screen', target: { screen, subject: more } }
  }
  return { kind: 'screen', target: { screen, ...(more === '' ? {} : { filter: more }) } }
}

/** All names that a line may begin with. */
function namesFor(state: AppState, deps: AppDeps): readonly string[] {
  const bindings = bindingsOf(shownPlace(state.places).screen)
  const commands = bindings.map(({ command }) => command).filter((one) => !one.startsWith('go '))
  return [...screensOf(deps), ...commands.filter((command) => isKnown(command, state, deps))]
}

function screensOf({ screens }: AppDeps): readonly string[] {
  return screenNames.filter((name) => screens[name] !== undefined)
}

function screenList(deps: AppDeps): string {
  return screensOf(deps).join(', ')
}

function found(word: string, names: readonly string[]): string | undefined {
  if (names.includes(word)) return word
  const begun = names.filter((name) => name.startsWith(word))
  return begun.length === 1 ? begun[0] : undefined
}
