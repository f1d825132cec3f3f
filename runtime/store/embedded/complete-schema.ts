import { Database } from './database.ts'
import { derivedTables, newestSchema } from './schema.ts'

interface Column {
  readonly name: string
  readonly fallback: string | null
}

/**
 * Adds the missing parts of a file of an older version to a read-only connection, without changing the file: temporary
 * tables, empty or computed from others, and temporary views of tables that lack columns. SQLite looks names up there
 * first.
 */
export function completeSchema(connection: Database): void {
  const newest = new Database(':memory:')
  try {
    newest.exec(newestSchema())
    connection.exec('PRAGMA temp_store = MEMORY')
    for (const { name, sql } of tablesOf(newest))
      completeTable(connection, name, sql, columnsOf(newest, name))
  } finally {
    newest.close()
  }
}

function completeTable(connection: Database, table: string, sql: string, columns: readonly Column[]): void {
  const known = new Set(columnsOf(connection, table).map(({ name }) => name))
  if (known.size === 0) {
    const derived = derivedTables[table]
    connection.exec(
      derived === undefined
        ? sql.replace(/^CREATE TABLE /i, 'CREATE TEMP TABLE ')
        : `CREATE TEMP VIEW ${table} AS ${derived}`,
    )
    return
  }
  const missing = columns.filter(({ name }) => !known.has(name))
  if (missing.length === 0) return
  const added = missing.map(({ name, fallback }) => `${fallback ?? 'NULL'} AS ${name}`)
  connection.exec(`CREATE TEMP VIEW ${table} AS SELECT *, ${added.join(', ')} FROM main.${table}`)
}

function tablesOf(database: Database): { readonly name: string; readonly sql: string }[] {
  return database.all(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
  )
}

function columnsOf(database: Database, table: string): Column[] {
  return database.all("SELECT name, dflt_value AS fallback FROM pragma_table_info(?, 'main')", table)
}
