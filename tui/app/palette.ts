import { type Binding, bindingsOf } from '../keymap.ts'
import type { AppState } from './app-state.ts'
import { isKnown, refusalOf } from './commands.ts'
import type { AppDeps } from './deps.ts'
import { shownPlace } from './places.ts'

export interface PaletteItem {
  readonly binding: Binding
  /** Why it can't be given now. */
  readonly refusal: string | undefined
}

/** The commands of the shown screen that match what was typed: each word somewhere in name, label or help. */
export function paletteItems(state: AppState, typed: string, deps: AppDeps): readonly PaletteItem[] {
  const words = typed.toLowerCase().split(' ').filter(Boolean)
  return bindingsOf(shownPlace(state.places).screen)
    .filter(({ command }) => isKnown(command, state, deps))
    .filter((binding) => {
      const text = `${binding.command} ${binding.label} ${binding.help}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
    .map((binding) => ({ binding, refusal: refusalOf(state, binding.command, deps) }))
}
