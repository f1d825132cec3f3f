import { type Binding, bindingsOf } from '../keymap.ts'
import { fuzzySort } from '../text/fuzzy.ts'
import type { AppState } from './app-state.ts'
import { isKnown, refusalOf } from './commands.ts'
import type { AppDeps } from './deps.ts'
import { shownPlace } from './places.ts'

export interface PaletteItem {
  readonly binding: Binding
  /** Why it isn't available now. */
  readonly refusal: string | undefined
}

/**
 * Returns the commands of the shown screen by how well their names match the typed text, then those whose help has all
 * the words.
 */
export function paletteItems(state: AppState, typed: string, deps: AppDeps): readonly PaletteItem[] {
  const known = bindingsOf(shownPlace(state.places).screen).filter(({ command }) =>
    isKnown(command, state, deps),
  )
  const named = fuzzySort(typed, known, ({ command }) => command)
  const words = typed.toLowerCase().split(' ').filter(Boolean)
  const explained = known.filter((binding) => {
    const text = `${binding.label} ${binding.help}`.toLowerCase()
    return !named.includes(binding) && words.every((word) => text.includes(word))
  })
  return [...named, ...explained].map((binding) => ({
    binding,
    refusal: refusalOf(state, binding.command, deps),
  }))
}
