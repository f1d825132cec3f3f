/** One key press. */
export interface Key {
  /** `j`, `G`, `enter`, `esc`, `space`, `tab`, `shift-tab`, `backspace`, `up`, `page-down`, `ctrl-r`: as the keymap writes it. */
  readonly name: string
  /** The text it adds to a text field; left out: none. One grapheme. */
  readonly text?: string
}

/** Ink's fields of a special key; the others arrive as text. */
export interface TerminalKey {
  readonly upArrow: boolean
  readonly downArrow: boolean
  readonly leftArrow: boolean
  readonly rightArrow: boolean
  readonly pageDown: boolean
  readonly pageUp: boolean
  readonly home: boolean
  readonly end: boolean
  readonly return: boolean
  readonly escape: boolean
  readonly ctrl: boolean
  readonly shift: boolean
  readonly tab: boolean
  readonly backspace: boolean
  readonly delete: boolean
  readonly meta: boolean
}

const special: readonly (readonly [keyof TerminalKey, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageDown', 'page-down'],
  ['pageUp', 'page-up'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
]

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * The key presses of one input event, in order. Several keys that came in one read arrive as one text: `jjj` is three
 * presses. An Esc right before a key arrives as that key with meta; nothing here has meta, so it is an Esc and the key.
 */
export function keysOf(input: string, key: TerminalKey): readonly Key[] {
  const found = special.find(([flag]) => key[flag])
  const before: readonly Key[] = key.meta && !key.escape ? [{ name: 'esc' }] : []
  if (found !== undefined) return [...before, { name: found[1] }]
  if (key.tab) return [{ name: key.shift ? 'shift-tab' : 'tab' }]
  if (key.escape) return [{ name: 'esc' }]
  if (key.ctrl) return [{ name: `ctrl-${input}` }]
  return [...before, ...textKeys(input)]
}

/** Keys of typed text: control characters by their names, all else by graphemes. */
function textKeys(text: string): readonly Key[] {
  return [...graphemes.segment(text)].flatMap(({ segment }) => {
    // One grapheme, but two keys.
    if (segment === '\r\n') return [controlKey('\r')]
    return [isControl(segment) ? controlKey(segment) : printable(segment)]
  })
}

function isControl(text: string): boolean {
  return text < ' ' || text === '\x7f'
}

const controlNames: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x1b': 'esc',
  '\b': 'backspace',
  '\x7f': 'backspace',
}

function controlKey(character: string): Key {
  const letter = String.fromCharCode(character.charCodeAt(0) + 0x60)
  return { name: controlNames[character] ?? `ctrl-${letter}` }
}

function printable(text: string): Key {
  return { name: text === ' ' ? 'space' : text, text }
}
