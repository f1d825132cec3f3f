import { type ScreenName, screenNames } from '../../tui/app/place.ts'
import { type Binding, keyGroups, keymap, keyText, type Tier } from '../../tui/keymap.ts'

const titles = {
  move: 'Move',
  go: 'Go somewhere',
  view: 'Change what is shown',
  copy: 'Copy',
  act: 'Act',
  program: 'The program',
} satisfies Record<(typeof keyGroups)[number], string>

const tiers = {
  1: '`y`',
  2: 'effect, reason, `y`',
  3: 'the count is typed',
} satisfies Record<Tier, string>

const head = `# Keys of jobs-tui

Made from \`tui/keymap.ts\` by \`npm run keys\`; edit that. \`?\` shows the same for the screen you are on.
[jobs-tui.md](jobs-tui.md) covers everything else.
`

const actNote = `They need \`--write\`. Several runs at once are confirmed as the second kind is. More than 25 runs, and in production each
cancel, removal and retry from a step, are confirmed by typing the number of runs.`

/** The text of docs/jobs-tui-keys.md. */
export function keysPage(): string {
  return [head, ...keyGroups.map(sectionOf)].join('\n')
}

function sectionOf(group: (typeof keyGroups)[number]): string {
  const bindings = keymap.filter((binding) => binding.group === group)
  const acts = bindings.some(({ tier }) => tier !== undefined)
  const rows = bindings.map((binding) => rowOf(binding, acts))
  const names = ['key', 'it', 'on', ...(acts ? ['is confirmed by'] : [])]
  const note = acts ? [actNote, ''] : []
  return [`## ${titles[group]}`, '', ...note, row(names), row(names.map(() => '---')), ...rows, ''].join('\n')
}

function rowOf({ keys, help, screens, tier }: Binding, acts: boolean): string {
  const shown = keys.map((key) => `\`${/^(ctrl|shift)-/.test(key) ? key : keyText(key)}\``).join(' ')
  return row([shown, help, screensText(screens), ...(acts && tier !== undefined ? [tiers[tier]] : [])])
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** The shorter of: those that have it, or those that don't. */
function screensText(screens: readonly ScreenName[] = screenNames): string {
  const others = screenNames.filter((name) => !screens.includes(name))
  if (others.length === 0) return 'every screen'
  return others.length < screens.length ? `all but ${others.join(', ')}` : screens.join(', ')
}
