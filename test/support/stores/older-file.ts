import { DatabaseSync } from 'node:sqlite'

/** Columns that raised no format. */
const columnsAdded = [
  ...['runs canonical_key', 'payloads canonical_digest', 'runs instant_at', 'history cause'],
  ...['payloads schedule', 'runs ready_at', 'workers drain'],
  ...['runs retried_at', 'runs orphans', 'runs fingerprint', 'workers protection', 'workers task'],
]
const tablesAdded = [
  ...[
    'limit_keepers',
    'open_steps',
    'worker_reports',
    'lost_workers',
    'clock_jumps',
    'run_counts',
    'hours',
    'rolled_to',
    'backlogs',
  ],
  ...['operations', 'actions', 'mutes', 'failure_groups', 'failed_by', 'executions'],
]
const triggersAdded = [
  ...['keeper_joins', 'keeper_leaves', 'open_steps_leave', 'worker_reports_leave'],
  'failed_by_removed',
  'executions_leave',
]
const indexesAdded = [
  ...[
    'runs_instants',
    'runs_failed_by',
    'runs_not_failed',
    'runs_ended_groups',
    'runs_ended_times',
    'runs_waiting_times',
    'limit_line_seqs',
  ],
]
const dropAdded = `
  ${triggersAdded.map((trigger) => `DROP TRIGGER ${trigger};`).join('')}
  ${indexesAdded.map((index) => `DROP INDEX ${index};`).join('')}
  ${tablesAdded.map((table) => `DROP TABLE ${table};`).join('')}
  DELETE FROM settings WHERE name IN ('epoch', 'recounted_at', 'counted_since', 'sampled_since');
  ${drop(columnsAdded)}`

const tablesSinceFormat1 = [
  ...['events', 'throughput', 'terms', 'unique_keys', 'admissions', 'schedules', 'ledger', 'definitions'],
  ...[
    'definition_leases',
    'limiters',
    'limit_keys',
    'limit_lines',
    'limit_holders',
    'limit_starts',
    'limit_seniors',
  ],
]
const columnsSinceFormat1 = [
  ...['runs unique_key', 'runs unique_until', 'runs limited', 'runs granted', 'runs limit_turn'],
  ...['workers queue_order', 'payloads scheduled_for'],
]

function drop(columns: readonly string[]): string {
  return columns.map((column) => `ALTER TABLE ${column.replace(' ', ' DROP COLUMN ')};`).join('')
}

/** Removes from a file the parts that the previous version did not have. */
export function makeVersionBefore(path: string): void {
  change(path, dropAdded)
}

/** Removes from a file all parts that came after format 1. */
export function makeFormat1(path: string): void {
  change(
    path,
    `${dropAdded}
     ${tablesSinceFormat1.map((table) => `DROP TABLE ${table};`).join('')}
     DROP INDEX requests_until; DROP INDEX runs_granted;
     ${drop(columnsSinceFormat1)}
     PRAGMA user_version = 1`,
  )
}

function change(path: string, text: string): void {
  const database = new DatabaseSync(path)
  database.exec(text)
  database.close()
}
