import { openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatVersion } from '../../runtime/store/embedded/schema.ts'
import { type CommandLine, jobFile, jsonError, ownCommandLine } from './command-line.ts'

/** Where a SQLite file keeps `PRAGMA user_version`, four bytes (sqlite.org/fileformat.html). */
const userVersionAt = 60

async function storeFile(cli: CommandLine): Promise<string> {
  await cli.ok('enqueue', jobFile, 'silent', '--store', 'sqlite:jobs.db')
  return join(cli.folder, 'jobs.db')
}

/** Every command that opens a store reports it the same way. */
const commands = [
  ['runs'],
  ['enqueue', jobFile, 'silent'],
  ['work', jobFile],
  ['cancel', 'one'],
  ['doctor'],
] as const

function refusals(cli: CommandLine, store: string): Promise<string[]> {
  return Promise.all(commands.map((command) => cli.refused(1, [...command, '--store', store])))
}

describe('an unusable store: one line, exit 1, the file unchanged', () => {
  test('a format of a newer version', async () => {
    const cli = ownCommandLine()
    const path = await storeFile(cli)
    writeSync(openSync(path, 'r+'), Buffer.from([0, 0, 0, 99]), 0, 4, userVersionAt)
    const before = readFileSync(path)
    const message = `${path} has format 99, this durable-jobs reads up to ${formatVersion}; upgrade the package`
    expect(await refusals(cli, 'sqlite:jobs.db')).toEqual(commands.map(() => message))
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a file that isn’t a database', async () => {
    const cli = ownCommandLine()
    const path = join(cli.folder, cli.write('jobs.db', 'no database, but some text\n'.repeat(100)))
    const before = readFileSync(path)
    const message = `${path} is damaged or no SQLite database (file is not a database); restore it from a backup, or name another file`
    expect(await refusals(cli, 'sqlite:jobs.db')).toEqual(commands.map(() => message))
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a damaged database', async () => {
    const cli = ownCommandLine()
    const path = await storeFile(cli)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xab, 4096))
    const error = await jsonError(cli, ['doctor', '--store', 'sqlite:jobs.db'])
    expect(error).toMatchObject({ code: 'STORE_FORMAT', name: 'StoreFormatError' })
    expect(error.message).toContain('is malformed); restore it from a backup')
  })

  test('a path that isn’t writable', async () => {
    const cli = ownCommandLine()
    cli.write('file.txt', '')
    expect(
      await cli.refused(1, ['enqueue', jobFile, 'silent', '--store', 'sqlite:file.txt/jobs.db']),
    ).toMatch(/file\.txt\/jobs\.db can't be used \(.*\); check that its folder exists and can be written$/)
    expect((await jsonError(cli, ['runs', '--store', 'sqlite:.'])).code).toBe('STORE_UNAVAILABLE')
  })
})

test('commands that only read or act don’t create a missing store', async () => {
  const cli = ownCommandLine()
  for (const command of [
    ['runs'],
    ['show', 'one'],
    ['queues'],
    ['workers'],
    ['doctor'],
    ['pause', 'mails'],
  ]) {
    expect(await cli.refused(1, [...command, '--store', 'sqlite:typo.db'])).toMatch(
      /^there is no store at sqlite:\/.*\/typo\.db \(a relative path begins at this folder\): name another one/,
    )
  }
  expect(await cli.refused(1, ['runs', '--store', 'sqlite:/nowhere/typo.db'])).toMatch(
    /^there is no store at sqlite:\/nowhere\/typo\.db: name another one/,
  )
  expect(readdirSync(cli.folder)).toEqual([])
})

test('an address of an unknown kind: exit 2, and the known prefixes', async () => {
  const cli = ownCommandLine()
  for (const address of ['jobs.db', 'mysql://host/jobs']) {
    expect(await cli.refused(2, ['runs', '--store', address])).toBe(
      `store: no engine for '${address}'; the address begins with sqlite:, redis:, rediss:`,
    )
  }
})
