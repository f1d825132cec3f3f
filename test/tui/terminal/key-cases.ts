import { actionCommands } from '../../../tui/actions/actions.ts'
import { detailCases } from './detail-cases.ts'
import { goCases } from './go-cases.ts'
import { type KeyCase, saying } from './key-case.ts'
import { moveCases } from './move-cases.ts'
import { programCases } from './program-cases.ts'
import { viewCases } from './view-cases.ts'

/** Without `--write`; their effect with it is in actions-by-keys.test.ts. */
const refused = saying(({ binding }) => `${binding.command}: read-only: start jobs-tui with --write`)

/** By command of the keymap. */
export const keyCases: Readonly<Record<string, KeyCase>> = {
  ...moveCases,
  ...goCases,
  ...viewCases,
  ...detailCases,
  ...programCases,
  ...Object.fromEntries(actionCommands.map((command) => [command, refused])),
}

/** The cases on one screen that have to run before the others, and after them. */
const order: Readonly<Record<string, number>> = {
  back: -1,
  sort: 1,
  'flip sort': 2,
  'quit at once': 3,
}

export function placeInOrder(command: string): number {
  return order[command] ?? 0
}
