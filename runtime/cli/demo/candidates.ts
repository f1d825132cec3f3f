/** A line of the CSV that can be imported. */
export interface Candidate {
  /** Number of the line in the file; the header is line 1. */
  readonly line: number
  readonly name: string
  readonly email: string
}

export interface CheckedCandidates {
  readonly candidates: readonly Candidate[]
  /** Numbers of the lines that can't be imported. */
  readonly invalid: readonly number[]
}

export const chunkSize = 100

const firstNames = [
  'Ana',
  'Bilal',
  'Chiara',
  'Daniel',
  'Emi',
  'Farid',
  'Grace',
  'Hugo',
  'Ines',
  'Jonas',
  'Kira',
]
const lastNames = [
  'Abe',
  'Brandt',
  'Costa',
  'Dubois',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Haddad',
  'Ito',
  'Jansen',
]
const hosts = ['example.com', 'example.net', 'example.org']
const seed = 20_250_101
/** About one line in this many is broken, as in a real export. */
const oneBrokenIn = 250

/** Returns the text of a CSV of `count` candidates, the same on every call. */
export function writeCandidates(count: number): string {
  const random = seededRandom(seed)
  const lines = Array.from({ length: count }, (_, i) => candidateLine(i + 2, random))
  return `name,email\n${lines.join('\n')}\n`
}

function candidateLine(line: number, random: () => number): string {
  const first = pick(firstNames, random)
  const last = pick(lastNames, random)
  const mailbox = `${first}.${last}.${line}`.toLowerCase()
  const email = `${mailbox}@${pick(hosts, random)}`
  if (random() >= 1 / oneBrokenIn) return `${first} ${last},${email}`
  return pick([`${first} ${last},${mailbox}`, `,${email}`, `${first} ${last}`], random)
}

/** Reads and checks the CSV. */
export function readCandidates(csv: string): CheckedCandidates {
  const candidates: Candidate[] = []
  const invalid: number[] = []
  for (const [i, text] of csv.trimEnd().split('\n').entries()) {
    if (i === 0) continue
    const [name = '', email = ''] = text.split(',')
    if (name !== '' && /^[^@\s]+@[^@\s]+$/.test(email)) candidates.push({ line: i + 1, name, email })
    else invalid.push(i + 1)
  }
  return { candidates, invalid }
}

/** Returns the candidates of chunk `chunk`, from 1. */
export function chunkOf(candidates: readonly Candidate[], chunk: number): readonly Candidate[] {
  return candidates.slice((chunk - 1) * chunkSize, chunk * chunkSize)
}

export function chunkCount(candidates: number): number {
  return Math.ceil(candidates / chunkSize)
}

function pick(list: readonly string[], random: () => number): string {
  return list[Math.floor(random() * list.length)] ?? ''
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function seededRandom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
