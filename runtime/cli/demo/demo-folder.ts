import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The files that the demo reads and makes. */
export interface DemoFolder {
  readonly root: string
  /** The input of the import. */
  readonly csv: string
  /** SQLite file with the imported rows; not the store of the runs. */
  readonly table: string
  /** One file per mail. */
  readonly outbox: string
  readonly report: string
  /** The effects of step bodies, a line each, written by the bodies and not by the store. */
  readonly effects: string
}

export function demoFolder(root: string): DemoFolder {
  return {
    root,
    csv: join(root, 'candidates.csv'),
    table: join(root, 'candidates.db'),
    outbox: join(root, 'outbox'),
    report: join(root, 'report.txt'),
    effects: join(root, 'effects.jsonl'),
  }
}

/** A new temporary folder with the CSV in it. */
export function makeDemoFolder(csv: string): DemoFolder {
  const folder = demoFolder(mkdtempSync(join(tmpdir(), 'durable-jobs-demo-')))
  mkdirSync(folder.outbox)
  writeFileSync(folder.csv, csv)
  writeFileSync(folder.effects, '')
  return folder
}
