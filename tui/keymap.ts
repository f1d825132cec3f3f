import { type ScreenName, screenNames } from './app/place.ts'

/*
 * THE KEYS: one table, the source of the keys' meaning, the footer, `?`, the palette and the page of keys.
 * K1  On one screen a key has one meaning: test/tui/keymap.test.ts checks `bindingsOf` for each screen.
 * K2  Lowercase is harmless or applies to one item; uppercase is heavier or toggles a view.
 * K3  The effect of an action is in tui/actions; a tier here says how it is confirmed.
 */

/**
 * How an action is confirmed, in a dialog that shows its effect and the equivalent command: 1 by `y`; 2 by `y` with an
 * optional reason; 3 by typing the count. The table has the minimum tier of a key: tui/actions/tier.ts raises it.
 */
export type Tier = 1 | 2 | 3

export interface Binding {
  /** As `Key` names them; the first one is shown. */
  readonly keys: readonly string[]
  readonly command: string
  /** For the footer, a word or two. */
  readonly label: string
  /** For `?`, the palette and the page of keys: its effect, in the third person. */
  readonly help: string
  readonly group: KeyGroup
  /** Left out: every screen. */
  readonly screens?: readonly ScreenName[]
  /** Left out: it changes nothing in the store. */
  readonly tier?: Tier
  /** Position in the footer, the lowest first; left out: not in the footer. */
  readonly footer?: number
}

export const keyGroups = ['go', 'view', 'act', 'copy', 'move', 'program'] as const
type KeyGroup = (typeof keyGroups)[number]

/** Screens that show more of a row below their list. */
const zooming: readonly ScreenName[] = ['queues', 'workers', 'cron', 'limits', 'failures', 'doctor']
const lists: readonly ScreenName[] = screenNames.filter((name) => name !== 'home')
/** Screens about one subject: they list its parts. */
const details: readonly ScreenName[] = ['run', 'step']
const markable: readonly ScreenName[] = lists.filter((name) => !details.includes(name))

export const keymap: readonly Binding[] = [
  ...moveKeys(),
  ...goKeys(),
  ...viewKeys(),
  ...ownKeys(),
  ...copyKeys(),
  ...actKeys(),
  ...programKeys(),
]

function moveKeys(): readonly Binding[] {
  const key = (keys: string[], command: string, label: string, help: string): Binding => ({
    ...{ keys, command, label, help, group: 'move' },
  })
  return [
    key(['j', 'down'], 'down', 'down', 'moves the cursor down'),
    key(['k', 'up'], 'up', 'up', 'moves the cursor up'),
    key(['g', 'home'], 'top', 'top', 'moves to the first row and stays there when new ones come'),
    key(['G', 'end'], 'bottom', 'bottom', 'moves to the last row'),
    key(['ctrl-d'], 'half page down', 'half page down', 'moves half a page down'),
    key(['ctrl-u'], 'half page up', 'half page up', 'moves half a page up'),
    key(['page-down', 'ctrl-f'], 'page down', 'page down', 'moves a page down'),
    key(['page-up', 'ctrl-b'], 'page up', 'page up', 'moves a page up'),
    key(['tab'], 'next pane', 'pane', 'goes to the next pane'),
    key(['shift-tab'], 'previous pane', 'pane back', 'goes to the previous pane'),
  ]
}

function goKeys(): readonly Binding[] {
  const digits = screenNames.slice(0, 9).map((screen, i): Binding => {
    const digit = String(i + 1)
    return {
      ...{ keys: [digit], command: `go ${screen}`, label: screen, group: 'go' },
      help: `opens the screen ${screen}`,
    }
  })
  return [
    {
      ...{ keys: ['enter', 'right', 'l'], command: 'open', label: 'open', group: 'go', footer: 1 },
      help: 'opens the row under the cursor',
    },
    {
      ...{ keys: ['esc', 'left', 'h'], command: 'back', label: 'back', group: 'go', footer: 90 },
      help: 'closes messages, then the filter, then goes back; never quits',
    },
    {
      ...{ keys: ['J'], command: 'jump', label: 'jump', group: 'go', footer: 3 },
      help: 'goes to a related worker, queue, limiter, schedule or run',
    },
    ...digits,
    {
      keys: ['['],
      command: 'history back',
      label: 'history',
      group: 'go',
      help: 'goes back to the previous screen',
    },
    {
      keys: [']'],
      command: 'history forward',
      label: 'forward',
      group: 'go',
      help: 'goes forward to the next screen',
    },
    {
      keys: ['-'],
      command: 'toggle',
      label: 'last',
      group: 'go',
      help: 'switches between this screen and the last one',
    },
    {
      keys: [':'],
      command: 'command line',
      label: 'command',
      group: 'go',
      help: 'takes the name of a screen and a filter',
      footer: 80,
    },
    {
      keys: ['ctrl-p'],
      command: 'palette',
      label: 'palette',
      group: 'go',
      help: 'finds every command by its name',
    },
  ]
}

function viewKeys(): readonly Binding[] {
  return [
    {
      ...{ keys: ['/'], command: 'filter', label: 'filter', group: 'view', footer: 2, screens: markable },
      help: 'filters the list as you type',
    },
    {
      ...{ keys: ['s'], command: 'sort', label: 'sort', group: 'view', screens: markable, footer: 20 },
      help: 'picks what to sort by',
    },
    {
      ...{ keys: ['S'], command: 'flip sort', label: 'flip sort', group: 'view', screens: markable },
      help: 'reverses the order',
    },
    {
      ...{ keys: ['t'], command: 'range', label: 'range', group: 'view', footer: 21 },
      help: 'switches between the last 5 minutes, hour and 24 hours',
    },
    {
      ...{ keys: ['F'], command: 'freeze', label: 'freeze', group: 'view', footer: 22 },
      help: 'freezes the view, or unfreezes it',
    },
    {
      ...{ keys: ['z'], command: 'zoom', label: 'zoom', group: 'view', screens: zooming, footer: 23 },
      help: 'shows the details of the row on the whole screen, or beside the list again',
    },
    {
      ...{ keys: ['ctrl-r'], command: 'reload', label: 'reload', group: 'view' },
      help: 'reads everything again',
    },
    {
      ...{ keys: ['space'], command: 'mark', label: 'mark', group: 'view', screens: markable, footer: 10 },
      help: 'marks or unmarks the row',
    },
    {
      ...{ keys: ['a'], command: 'choose all', label: 'all', group: 'view', screens: ['runs'], footer: 11 },
      help: 'selects all matches, including those not in the list, as the target of actions',
    },
    {
      ...{ keys: ['M'], command: 'unmark all', label: 'unmark', group: 'view', screens: markable },
      help: 'removes all marks',
    },
  ]
}

/** Of single screens. */
function ownKeys(): readonly Binding[] {
  const key = (
    name: string,
    command: string,
    screens: readonly ScreenName[],
    rest: Pick<Binding, 'label' | 'help' | 'footer'>,
  ): Binding => ({ ...{ keys: [name], command, screens, group: 'view' }, ...rest })
  const tab = (name: string, shown: string, help: string): Binding =>
    key(name, `show ${shown}`, ['run'], { label: shown, help })
  return [
    key('f', 'fold', details, {
      label: 'fold',
      help: 'folds the part below the row, or unfolds it',
      footer: 6,
    }),
    key('w', 'short waits', ['run'], {
      ...{ label: 'short waits', footer: 5 },
      help: 'compresses long waits, or draws all times to scale',
    }),
    key('.', 'next tab', ['run'], {
      label: 'next tab',
      help: 'shows the next of why, error, input, output, history, about',
    }),
    key(',', 'previous tab', ['run'], { label: 'tab back', help: 'shows the previous tab' }),
    key('d', 'differences', ['step'], {
      ...{ label: 'differences', footer: 7 },
      help: 'shows how the error of each attempt differs from the previous one',
    }),
    key('v', 'level', ['events'], {
      ...{ label: 'level', footer: 5 },
      help: 'shows operations and runs, operations only, or runs only',
    }),
    key('K', 'unique keys', ['limits'], {
      ...{ label: 'unique keys', footer: 5 },
      help: 'shows the held unique keys and their runs, or the limiters again',
    }),
    tab('W', 'why', 'explains in sentences why the run is in its state'),
    tab('e', 'error', 'shows its error with causes and stack'),
    tab('i', 'input', 'shows its input'),
    tab('u', 'output', 'shows its output'),
    tab('H', 'history', 'shows its history besides steps: losses, hand-overs, actions'),
    tab('A', 'about', 'shows its whole record: tags, headers, unique key, times'),
  ]
}

function copyKeys(): readonly Binding[] {
  return [
    {
      ...{ keys: ['y'], command: 'copy', label: 'copy', group: 'copy', footer: 60 },
      help: 'copies the id of the row, or a value or an error: asks which',
    },
    {
      ...{
        keys: ['Y'],
        command: 'report',
        label: 'report',
        group: 'copy',
        screens: ['home', 'run', 'failures'],
      },
      help: 'copies an incident report in Markdown: cause, timeline, runs, commands',
    },
    {
      ...{
        keys: ['o'],
        command: 'page',
        label: 'pager',
        group: 'view',
        screens: ['run', 'step', 'failures', 'events'],
        footer: 61,
      },
      help: 'opens the whole content of the pane in $PAGER, unfolded',
    },
  ]
}

/** Of tui/actions. */
function actKeys(): readonly Binding[] {
  const key = (
    name: string,
    command: string,
    tier: Tier,
    rest: Pick<Binding, 'label' | 'help'> & { readonly screens: readonly ScreenName[] },
  ): Binding => ({ ...{ keys: [name], command, tier, group: 'act', footer: 15 }, ...rest })
  const runs = ['runs', 'run', 'step'] as const
  return [
    key('r', 'retry', 1, {
      ...{ label: 'retry', screens: [...runs, 'failures'] },
      help: 'continues ended or blocked runs from their stored steps: one, the marked ones, or all of a failure',
    }),
    key('R', 'retry from step', 2, {
      ...{ label: 'from step', screens: runs },
      help: 'runs a chosen step again, and every step stored after it',
    }),
    key('x', 'cancel', 2, {
      ...{ label: 'cancel', screens: runs },
      help: 'cancels runs that have not ended',
    }),
    key('X', 'remove', 2, {
      ...{ label: 'remove', screens: ['runs', 'run', 'failures'] },
      help: 'deletes ended runs with all that they stored',
    }),
    key('P', 'pause or resume', 2, {
      ...{ label: 'pause/resume', screens: ['home', 'queues', 'cron'] },
      help: 'pauses or resumes a queue or a schedule',
    }),
    key('T', 'trigger', 1, {
      ...{ label: 'trigger', screens: ['cron'] },
      help: 'runs a schedule now, in addition to its ticks',
    }),
    key('D', 'drain', 2, {
      ...{ label: 'drain', screens: ['workers'] },
      help: 'lets a worker hand its runs over and stop',
    }),
    key('E', 'set limiter', 2, {
      ...{ label: 'set', screens: ['limits'] },
      help: "sets a limiter's numbers for all workers, instead of the code's",
    }),
    key('B', 'reset limiter', 2, {
      ...{ label: 'reset', screens: ['limits'] },
      help: "resets a limiter to the code's numbers",
    }),
    key('m', 'mute', 2, {
      ...{ label: 'mute', screens: ['home'] },
      help: 'hides a finding for a while, for all users',
    }),
    key('U', 'unmute', 1, {
      ...{ label: 'unmute', screens: ['home'] },
      help: 'ends the mute of a finding before its time',
    }),
  ]
}

function programKeys(): readonly Binding[] {
  return [
    {
      keys: ['?'],
      command: 'help',
      label: 'keys',
      group: 'program',
      help: 'shows the keys of this screen',
      footer: 81,
    },
    {
      keys: ['q'],
      command: 'quit',
      label: 'quit',
      group: 'program',
      help: 'goes back; at the root pressed twice it quits',
    },
    {
      keys: ['L'],
      command: 'log',
      label: 'my log',
      group: 'program',
      help: 'shows the actions of this session and their results',
    },
    { keys: ['ctrl-c'], command: 'quit at once', label: 'quit', group: 'program', help: 'quits at once' },
    {
      keys: ['ctrl-z'],
      command: 'suspend',
      label: 'suspend',
      group: 'program',
      help: 'hands the terminal to the shell; fg comes back',
    },
    {
      keys: ['ctrl-l'],
      command: 'repaint',
      label: 'repaint',
      group: 'program',
      help: 'repaints the whole screen',
    },
  ]
}

/** The meaning of keys on a screen. */
export function bindingsOf(screen: ScreenName): readonly Binding[] {
  return keymap.filter(({ screens }) => screens === undefined || screens.includes(screen))
}

export function bindingOf(screen: ScreenName, key: string): Binding | undefined {
  return bindingsOf(screen).find(({ keys }) => keys.includes(key))
}

const shownNames: Readonly<Record<string, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  'page-down': 'pgdn',
  'page-up': 'pgup',
  'shift-tab': 'S-tab',
}

/** A key as the footer and the help write it. */
export function keyText(key: string, ascii = false): string {
  if (ascii && /^(up|down|left|right)$/.test(key)) return key
  return shownNames[key] ?? key.replace(/^ctrl-/, '^')
}
