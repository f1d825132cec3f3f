import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { report } from './report.ts'

const commits = 40_000
const rowBytes = 40

await report(async (folder) => {
  const database = new DatabaseSync(join(folder, 'bare.db'))
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  database.exec(
    'CREATE TABLE entries (run INTEGER, position INTEGER, body BLOB, PRIMARY KEY (run, position)) WITHOUT ROWID',
  )
  const begin = database.prepare('BEGIN IMMEDIATE')
  const insert = database.prepare('INSERT INTO entries VALUES (?, ?, ?)')
  const commit = database.prepare('COMMIT')
  const body = new Uint8Array(rowBytes)
  const start = performance.now()
  for (let i = 0; i < commits; i++) {
    begin.run()
    insert.run(Math.floor(i / 10), i % 10, body)
    commit.run()
  }
  const perSecond = (commits / (performance.now() - start)) * 1_000
  database.close()
  return { perSecond }
})
