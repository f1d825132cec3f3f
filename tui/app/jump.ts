import type { AppState, Picker, Step } from './app-state.ts'
import type { AppDeps } from './deps.ts'
import type { Jump } from './place.ts'
import { opened } from './places.ts'
import { activeList } from './shown.ts'
import { withToast } from './toasts.ts'

/** Opens a related item of the row under the cursor: at once if there is only one, else as picked. */
export function jump(state: AppState, { screens }: AppDeps): Step {
  const { rows, index } = activeList(state, screens)
  const jumps = (rows[index]?.jumps ?? []).filter(({ target }) => screens[target.screen] !== undefined)
  const [first] = jumps
  if (first === undefined) {
    const toast = { tone: 'info', text: 'nothing related to this row is known' } as const
    return { state: withToast(state, toast), effects: [] }
  }
  if (jumps.length === 1) return jumped(state, first)
  return { state: { ...state, mode: { kind: 'picker', picker: pickerOf(jumps), line: 0 } }, effects: [] }
}

function pickerOf(jumps: readonly Jump[]): Picker {
  return {
    title: 'jump to',
    items: jumps.map(({ label, target }, i) => ({
      ...(i < 9 ? { key: String(i + 1) } : {}),
      label,
      hint: target.screen,
      pick: (now) => jumped(now, { label, target }),
    })),
  }
}

function jumped(state: AppState, { target }: Jump): Step {
  return { state: { ...state, places: opened(state.places, target) }, effects: [] }
}
