import { keymap } from '../../../tui/keymap.ts'
import type { Size } from '../../../tui/screens/screen.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'

/** One thing that a user, or the terminal of a user, does. */
export type MonkeyAct =
  /** Typed at once; `keys` is how many key presses that is. */
  | { readonly kind: 'type'; readonly text: string; readonly keys: number }
  /** One size after the other, each once. */
  | { readonly kind: 'resize'; readonly sizes: readonly Size[] }
  /** The shell gets the terminal, and returns it. */
  | { readonly kind: 'stop'; readonly by: 'ctrl-z' | 'SIGTSTP' }
  | { readonly kind: 'signal'; readonly signal: 'SIGCONT' | 'SIGWINCH' }

const sizes: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 30 },
  { columns: 160, rows: 45 },
  { columns: 240, rows: 67 },
  { columns: 81, rows: 23 },
  { columns: 40, rows: 10 },
  { columns: 39, rows: 24 },
  { columns: 20, rows: 5 },
]

const sequences: Readonly<Record<string, string>> = {
  ...{ enter: '\r', esc: '\x1b', space: ' ', tab: '\t', 'shift-tab': '\x1b[Z' },
  ...{ up: '\x1b[A', down: '\x1b[B', right: '\x1b[C', left: '\x1b[D', home: '\x1b[H', end: '\x1b[F' },
  ...{ 'page-up': '\x1b[5~', 'page-down': '\x1b[6~' },
  // Twice in a row it quits: another key always follows it.
  q: 'qj',
}

/** Keys that end the program, or lend the terminal to the shell: see `stop`. */
const others: ReadonlySet<string> = new Set(['ctrl-c', 'ctrl-z'])

/** The bytes of every key of the keymap that a monkey may press. */
const keys: readonly string[] = [...new Set(keymap.flatMap((binding) => binding.keys))]
  .filter((key) => !others.has(key))
  .map(
    (key) => sequences[key] ?? (key.startsWith('ctrl-') ? String.fromCharCode(key.charCodeAt(5) & 31) : key),
  )

const words = [
  'state:failed',
  'job:',
  'age>1h',
  'err:"',
  '!',
  'runs',
  'run ',
  'é',
  '漢字',
  '25',
  'shop',
  '\x7f',
  'y',
]

/** Input from keys and terminals that has no meaning here. */
const noise = [
  ...['\x1bOP', '\x1b[15~', '\x1b[1;5A', '\x1b[<0;10;10M', '\x1b[M !!', '\x1b[I', '\x1b[O', '\x1b[3;1R'],
  ...['\x00', '\x1b\x1b', '\x1b[', '\x1b[?1;2c', '\x1b]11;rgb:0000/0000/0000\x07', '\x1bj', '\r\n', '\x1c'],
]

const pastes = ['qq', 'y\ry\r', 'state:failed job:send-mail', 'a\nb\tc', '\u202e\x1b[31m', '']

/** The next input; a seed determines it. */
export function nextAct(random: SeededRandom): MonkeyAct {
  const at = random.next()
  if (at < 0.03) return { kind: 'resize', sizes: [...new Set(several(random, 3, () => random.pick(sizes)))] }
  if (at < 0.045) return { kind: 'stop', by: random.pick(['ctrl-z', 'SIGTSTP']) }
  if (at < 0.06) return { kind: 'signal', signal: random.pick(['SIGCONT', 'SIGWINCH']) }
  if (at < 0.08) return typed([`\x1b[200~${random.pick(pastes)}\x1b[201~`])
  if (at < 0.1) return typed([random.pick(noise)])
  if (at < 0.15) return typed([random.pick(words)])
  if (at < 0.25) return typed(several(random, 6, () => random.pick(keys)))
  return typed([random.pick(keys)])
}

function typed(presses: readonly string[]): MonkeyAct {
  return { kind: 'type', text: presses.join(''), keys: presses.length }
}

function several<T>(random: SeededRandom, most: number, make: () => T): readonly T[] {
  return Array.from({ length: random.between(1, most) }, make)
}
