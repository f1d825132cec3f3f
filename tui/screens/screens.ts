/*
 * HOW A SCREEN IS MADE. A screen is one folder, one line here and its name in `screenNames`; docs and tests that fail until
 * they know it are listed in CONTRIBUTING.md.
 *
 *   tui/screens/queues/rows.ts     pure: what the screen shows, from `ScreenInput`. No React, no clock, no store.
 *                                  `QueueRow extends Row`: its id is the thing's, `thing` says what actions and copies are
 *                                  about, `target` what enter opens.
 *   tui/screens/queues/screen.ts   the definition: `export const queues: Screen<QueueData> = { ... }`: name, title, panes,
 *                                  what it reads and how often (left out when the fleet's overview has it all), rows,
 *                                  the lines that hold them, View.
 *   tui/screens/queues/view.tsx    draws it, from `ViewProps` alone: `windows.list.rows` are the rows that are on the screen.
 *                                  A list is `<Table columns={...} window={windows.list} ... />` of kit/.
 *   tui/app/place.ts               its name in `screenNames`: `ScreenName`, which digits, palette and `:` go by.
 *   tui/keymap.ts                  a key of its own: a line with `screens: ['queues']`; the command is a toggle of the
 *                                  screen (`toggles`, it changes `place.own`), or an action of tui/actions.
 *   test/tui/queues.test.ts        rows without React; frames of the view: test/tui/fleet-frames.test.tsx; in a terminal:
 *                                  test/tui/terminal/shop-screens.ts.
 *
 * The app does the rest: cursor, marks, filter line, sort picker, history, reads, failure of a read, freeze.
 * The model to copy is Doctor (a list of the store), then Runs (pages by cursor, a filter, a preview), then Home (panes).
 */
import { cron } from './cron/screen.ts'
import { doctor } from './doctor/screen.ts'
import { events } from './events/screen.ts'
import { failures } from './failures/screen.ts'
import { home } from './home/screen.ts'
import { limits } from './limits/screen.ts'
import { queues } from './queues/screen.ts'
import { run } from './run/screen.ts'
import { runs } from './runs/screen.ts'
import type { Screens } from './screen.ts'
import { step } from './step/screen.ts'
import { workers } from './workers/screen.ts'

export const screens: Screens = {
  home,
  runs,
  queues,
  workers,
  cron,
  limits,
  failures,
  events,
  doctor,
  run,
  step,
}
