import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { defineJob } from '../../model/define-job.ts'
import type { Job } from '../../model/job.ts'
import { insertCandidates, openCandidateTable } from './candidate-table.ts'
import { type Candidate, type CheckedCandidates, chunkCount, chunkOf, readCandidates } from './candidates.ts'
import { type DemoFolder, demoFolder } from './demo-folder.ts'
import type { Moment } from './effects.ts'

export interface ImportInput {
  readonly folder: string
}

export interface ImportReport {
  readonly imported: number
  readonly invalid: number
  readonly mails: number
}

/** Called by a step's body about itself. */
export type Tell = (folder: DemoFolder, moment: Moment, path: string) => void

/** Twice per chunk, so that a person can watch. */
const chunkPauseMs = 70

/** The job of the demo: checks a CSV, inserts its rows by chunks, writes a mail to each candidate, and a report. */
export function importCandidates(queue: string, tell: Tell): Job<ImportInput, ImportReport> {
  return defineJob<ImportInput, ImportReport>(
    { name: 'import-candidates', queue },
    async ({ input, step }) => {
      const folder = demoFolder(input.folder)
      const told = tellingBodies(folder, tell)
      const { valid, invalid } = await step.run('validate', () => told('validate', () => validate(folder)))
      for (let chunk = 1; chunk <= chunkCount(valid); chunk++) {
        const path = `insert rows[${chunk}]`
        const half = (): void => tell(folder, 'half done', path)
        await step.run('insert rows', () => told(path, () => insertRows(folder, chunk, half)), { key: chunk })
      }
      let mails = 0
      for (let chunk = 1; chunk <= chunkCount(valid); chunk++) {
        const path = `send mails[${chunk}]`
        const repeated = (): void => tell(folder, 'repeated', path)
        mails += await step.run(
          'send mails',
          ({ idempotencyKey }) => told(path, () => sendMails(folder, chunk, idempotencyKey, repeated)),
          { key: chunk },
        )
      }
      const report = { imported: valid, invalid, mails }
      await step.run('write report', () => told('write report', () => writeReport(folder, report)))
      return report
    },
  )
}

/** Runs step bodies that report when they begin and end. */
function tellingBodies(folder: DemoFolder, tell: Tell) {
  return async <T>(path: string, work: () => T | Promise<T>): Promise<T> => {
    tell(folder, 'began', path)
    const result = await work()
    tell(folder, 'ended', path)
    return result
  }
}

function read(folder: DemoFolder): CheckedCandidates {
  return readCandidates(readFileSync(folder.csv, 'utf8'))
}

function validate(folder: DemoFolder): { valid: number; invalid: number } {
  const { candidates, invalid } = read(folder)
  return { valid: candidates.length, invalid: invalid.length }
}

/** One transaction: a worker killed inside it leaves nothing of the chunk behind. */
async function insertRows(folder: DemoFolder, chunk: number, half: () => void): Promise<void> {
  const [first, second] = halves(chunkOf(read(folder).candidates, chunk))
  const table = openCandidateTable(folder.table)
  try {
    table.exec('BEGIN IMMEDIATE')
    insertCandidates(table, first)
    half()
    await pause(chunkPauseMs)
    insertCandidates(table, second)
    await pause(chunkPauseMs)
    table.exec('COMMIT')
  } finally {
    table.close()
  }
}

/** Each mail has its own key, so that the outbox refuses a second copy. Returns how many are in it. */
async function sendMails(
  folder: DemoFolder,
  chunk: number,
  idempotencyKey: string,
  repeated: () => void,
): Promise<number> {
  const candidates = chunkOf(read(folder).candidates, chunk)
  for (const half of halves(candidates)) {
    for (const candidate of half) {
      if (!sendMail(folder, candidate, `${idempotencyKey}-${candidate.line}`)) repeated()
    }
    await pause(chunkPauseMs)
  }
  return candidates.length
}

/** Returns false when the outbox had it already. */
function sendMail(folder: DemoFolder, { name, email }: Candidate, key: string): boolean {
  const text = `To: ${email}\nSubject: We have your application\n\nDear ${name}, thank you.\n`
  try {
    writeFileSync(join(folder.outbox, `${key}.eml`), text, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function writeReport(folder: DemoFolder, { imported, invalid, mails }: ImportReport): void {
  writeFileSync(folder.report, `imported ${imported}, invalid ${invalid}, mails ${mails}\n`)
}

function halves(chunk: readonly Candidate[]): [readonly Candidate[], readonly Candidate[]] {
  const middle = Math.ceil(chunk.length / 2)
  return [chunk.slice(0, middle), chunk.slice(middle)]
}
