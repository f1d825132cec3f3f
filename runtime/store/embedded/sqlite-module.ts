import type * as Sqlite from 'node:sqlite'

/** `node:sqlite`, loaded without Node's warning that it is experimental: users of a job system can't act on it. */
export function loadSqlite(): typeof Sqlite {
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}
