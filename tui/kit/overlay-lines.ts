import { wrap } from '../../runtime/cli/plain-text.ts'
import type { AppState, Mode } from '../app/app-state.ts'
import { isKnown } from '../app/commands.ts'
import type { AppDeps } from '../app/deps.ts'
import type { DialogLine } from '../app/dialog.ts'
import { type PaletteItem, paletteItems } from '../app/palette.ts'
import { shownPlace } from '../app/places.ts'
import { type Binding, bindingsOf, keyGroups, keyText } from '../keymap.ts'
import { fieldSpans } from './field-spans.ts'
import { logLines } from './log-lines.ts'
import { type Span, span } from './span.ts'
import type { Tone } from './tone.ts'

/** The content over the body in a mode of its own: help, palette, picker, dialog. */
export interface Overlay {
  readonly title: string
  readonly tone: Tone
  readonly lines: readonly (readonly Span[])[]
  /** It takes the whole body; else it stands at its bottom. */
  readonly whole: boolean
}

export function overlayOf(state: AppState, deps: AppDeps): Overlay | undefined {
  const { mode } = state
  switch (mode.kind) {
    case 'help':
      return helpOverlay(state, mode, deps)
    case 'palette':
      return paletteOverlay(state, mode, deps)
    case 'log':
      return {
        ...{ title: 'actions of this session', tone: 'title', whole: true },
        lines: logLines(state, mode.top),
      }
    case 'picker':
      return pickerOverlay(mode, state)
    case 'dialog': {
      const { title, tone, lines } = mode.dialog.view()
      return {
        title,
        tone,
        lines: lines.flatMap((line) => dialogLines(line, state.size.columns)),
        whole: false,
      }
    }
    default:
      return undefined
  }
}

function helpOverlay(
  state: AppState,
  { field, top }: Extract<Mode, { kind: 'help' }>,
  deps: AppDeps,
): Overlay {
  const { screen } = shownPlace(state.places)
  const typed = field.text.toLowerCase()
  const known = bindingsOf(screen).filter(
    (binding) =>
      isKnown(binding.command, state, deps) &&
      `${binding.keys.join(' ')} ${binding.label} ${binding.help}`.toLowerCase().includes(typed),
  )
  const groups = keyGroups.flatMap((group) => {
    const bindings = known.filter((binding) => binding.group === group)
    return withOneLineOfDigits(bindings).flatMap((binding, i) =>
      helpLines(binding, i === 0 ? group : '', state),
    )
  })
  const below = groups.length - top - (state.size.rows - 5)
  const more = below > 0 ? `, ${below} more below` : ''
  const title = `keys of ${deps.screens[screen]?.title ?? screen}${more}`
  const search = typed === '' ? [] : [[span('search ', 'dim'), ...fieldSpans(field)]]
  return { title, tone: 'title', whole: true, lines: [...search, ...groups.slice(top)] }
}

/** Nine similar lines would push out the others. */
function withOneLineOfDigits(bindings: readonly Binding[]): readonly Binding[] {
  const isDigit = ({ keys: [key = ''] }: Binding): boolean => /^\d$/.test(key)
  const digits = bindings.filter(isDigit)
  const [first] = digits
  if (first === undefined || digits.length === 1) return bindings
  const help = `opens a screen: ${digits.map(({ label }) => label).join(', ')}`
  const keys = [`${first.keys[0]}-${digits.at(-1)?.keys[0]}`]
  return bindings.flatMap((binding) =>
    binding === first ? [{ ...first, keys, help }] : isDigit(binding) ? [] : [binding],
  )
}

/** A key and what it does, in as many lines as that takes. */
function helpLines(
  { keys, help, tier }: Binding,
  group: string,
  { environment, size }: AppState,
): readonly (readonly Span[])[] {
  const names = keys.map((key) => keyText(key, environment.look.ascii)).join(' ')
  const armed = tier === undefined || environment.write ? '' : ' (needs --write)'
  const [first = '', ...others] = wrap(`${help}${armed}`, size.columns - helpMargin - 1)
  return [
    [span(` ${group.padEnd(9)}`, 'dim'), span(names.padEnd(14), 'key'), span(first)],
    ...others.map((line) => [span(' '.repeat(helpMargin)), span(line)]),
  ]
}

/** Columns of group and keys. */
const helpMargin = 24

function paletteOverlay(
  state: AppState,
  { field, line }: Extract<Mode, { kind: 'palette' }>,
  deps: AppDeps,
): Overlay {
  const items = paletteItems(state, field.text, deps)
  const height = Math.max(1, state.size.rows - 8)
  const first = Math.max(0, line - height + 1)
  const { look } = state.environment
  const shown = items
    .slice(first, first + height)
    .map((item, i) => paletteLine(item, first + i === line, look))
  const none = [[span(' no command has all of these words', 'dim')]]
  return {
    ...{ title: 'commands', tone: 'title', whole: true },
    lines: [[span(' '), ...fieldSpans(field)], ...(shown.length === 0 ? none : shown)],
  }
}

function paletteLine(
  { binding, refusal }: PaletteItem,
  isCursor: boolean,
  { glyphs, ascii }: AppState['environment']['look'],
): readonly Span[] {
  const [key = ''] = binding.keys
  return [
    span(isCursor ? glyphs.cursor : ' ', 'key'),
    span(` ${keyText(key, ascii).padEnd(7)}`, refusal === undefined ? 'key' : 'dim'),
    { ...span(binding.command.padEnd(18), refusal === undefined ? 'plain' : 'dim'), inverse: isCursor },
    span(refusal ?? binding.help, 'dim'),
  ]
}

function pickerOverlay(
  { picker, line }: Extract<Mode, { kind: 'picker' }>,
  { environment, size }: AppState,
): Overlay {
  const { glyphs } = environment.look
  const height = Math.max(1, size.rows - 8)
  const first = Math.max(0, line - height + 1)
  const lines = picker.items
    .slice(first, first + height)
    .map(({ key = '', label, hint = '' }, i) => [
      span(first + i === line ? glyphs.cursor : ' ', 'key'),
      span(` ${key.padEnd(3)}`, 'key'),
      { ...span(label), inverse: first + i === line },
      span(`  ${hint}`, 'dim'),
    ])
  return { title: picker.title, tone: 'title', whole: false, lines }
}

function dialogLines(line: DialogLine, columns: number): readonly (readonly Span[])[] {
  if (line.kind === 'text') {
    // Its begin may be a margin, as of a list.
    const [margin = ''] = /^ */.exec(line.text) ?? []
    const wrapped = wrap(line.text.trimStart(), columns - 2 - margin.length)
    return wrapped.map((text) => [span(` ${margin}${text}`, line.tone)])
  }
  const { label, field, active } = line
  return [[span(` ${label} `, active ? 'key' : 'dim'), ...(active ? fieldSpans(field) : [span(field.text)])]]
}
