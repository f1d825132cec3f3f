import type { Sql } from './database.ts'

export function readSetting(sql: Sql, name: string): number | undefined {
  return sql.get<{ value: number }>('SELECT value FROM settings WHERE name = ?', name)?.value
}

export function writeSetting(sql: Sql, name: string, value: number): void {
  sql.run('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value', name, value)
}
