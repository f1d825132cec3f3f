import type { DatabaseSync } from 'node:sqlite'
import type { Candidate } from './candidates.ts'

/** An imported row, and how often it was inserted. */
export interface CandidateRow extends Candidate {
  readonly inserts: number
}

const schema = `CREATE TABLE IF NOT EXISTS candidates (
  line INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, inserts INTEGER NOT NULL DEFAULT 1
) STRICT`

/** A repeated insert changes no row, but is counted. */
const upsert = `INSERT INTO candidates (line, name, email) VALUES (?, ?, ?)
  ON CONFLICT (line) DO UPDATE SET inserts = inserts + 1`

/** Loaded here and not by an import: Node's warning would be printed before it could be silenced. */
export function openCandidateTable(path: string): DatabaseSync {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const table = new DatabaseSync(path, { timeout: 5_000 })
  table.exec(schema)
  return table
}

export function insertCandidates(table: DatabaseSync, candidates: readonly Candidate[]): void {
  const insert = table.prepare(upsert)
  for (const { line, name, email } of candidates) insert.run(line, name, email)
}

export function readCandidateRows(path: string): readonly CandidateRow[] {
  const table = openCandidateTable(path)
  try {
    const rows = table.prepare('SELECT line, name, email, inserts FROM candidates ORDER BY line').all()
    return rows.map(({ line, name, email, inserts }) => ({
      line: Number(line),
      name: String(name),
      email: String(email),
      inserts: Number(inserts),
    }))
  } finally {
    table.close()
  }
}
