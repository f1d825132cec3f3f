import { StoreFormatError } from '../../model/errors.ts'
import type { Database, Sql } from './database.ts'
import type { StoreWriter } from './store-writer.ts'

/** Marks our files ("djob"), so that another program's database is never migrated. */
const applicationId = 0x646a6f62

/**
 * One entry per format version, in order; a released one is never edited. So far each only adds tables and columns, so
 * that a read-only process completes an older file for itself (complete-schema.ts). One that changes existing parts has
 * to refuse such reads.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO settings VALUES ('seen_at', 0);

  CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,              -- first-come order, kept for life
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL, version INTEGER NOT NULL, queue TEXT NOT NULL, priority INTEGER NOT NULL,
    state TEXT NOT NULL,
    lease TEXT,                           -- the holder, in 'running' and 'cancelling'
    fence INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL DEFAULT 0, journal_bytes INTEGER NOT NULL DEFAULT 0,
    attempt INTEGER NOT NULL DEFAULT 1, losses INTEGER NOT NULL DEFAULT 0,
    streak INTEGER NOT NULL DEFAULT 0,    -- losses since the last new journal entry
    wake_at INTEGER, expires_at INTEGER, deadline_at INTEGER,
    due_at INTEGER,                       -- the earliest of these that counts in this state
    timeout_ms INTEGER,
    enqueued_at INTEGER NOT NULL, started_at INTEGER, changed_at INTEGER NOT NULL, ended_at INTEGER,
    prune_at INTEGER,
    settled_fence INTEGER, settled_state TEXT, -- the last stay, for a repeated settle
    waiting TEXT, cancel TEXT, blocked TEXT    -- JSON, in the states that have them
  );
  CREATE INDEX runs_ready ON runs (queue, job, version, priority DESC, seq) WHERE state = 'ready' AND streak < 2;
  CREATE INDEX runs_suspect ON runs (queue, job, version, priority DESC, seq) WHERE state = 'ready' AND streak >= 2;
  CREATE INDEX runs_due ON runs (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX runs_held ON runs (lease, state) WHERE lease IS NOT NULL;
  CREATE INDEX runs_live ON runs (state, queue, job, seq) WHERE ended_at IS NULL;
  CREATE INDEX runs_ended ON runs (state, seq) WHERE ended_at IS NOT NULL;
  CREATE INDEX runs_prune ON runs (prune_at) WHERE prune_at IS NOT NULL;

  CREATE TABLE payloads (
    seq INTEGER PRIMARY KEY, input BLOB NOT NULL, input_digest TEXT NOT NULL, tags TEXT NOT NULL,
    headers TEXT NOT NULL, output BLOB, error BLOB, escaped TEXT
  );
  CREATE TABLE tags (tag TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (tag, seq)) WITHOUT ROWID;

  CREATE TABLE journal (
    run INTEGER NOT NULL, position INTEGER NOT NULL,
    path TEXT NOT NULL, kind TEXT NOT NULL, phase TEXT NOT NULL, once INTEGER NOT NULL,
    attempt INTEGER NOT NULL, duration_ms REAL NOT NULL, at INTEGER NOT NULL, until INTEGER, waited_at INTEGER,
    body BLOB,
    PRIMARY KEY (run, position)
  ) WITHOUT ROWID;

  CREATE TABLE history (
    run INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
    by TEXT, reason TEXT, worker TEXT, PRIMARY KEY (run, n)
  ) WITHOUT ROWID;

  -- Classes that may hold ready runs; a class without any is dropped by the sweep.
  CREATE TABLE classes (
    job TEXT NOT NULL, version INTEGER NOT NULL, queue TEXT NOT NULL, PRIMARY KEY (job, version, queue)
  ) WITHOUT ROWID;

  CREATE TABLE workers (
    lease TEXT PRIMARY KEY, name TEXT NOT NULL, host TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER NOT NULL,
    node TEXT NOT NULL, concurrency INTEGER NOT NULL, lease_ms INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL, seen_at INTEGER NOT NULL,
    draining INTEGER NOT NULL DEFAULT 0, drain_order INTEGER NOT NULL DEFAULT 0,
    idle INTEGER NOT NULL DEFAULT 0,      -- free slots it reported with an empty-handed claim
    jobs TEXT NOT NULL, queues TEXT,
    claim_n INTEGER NOT NULL DEFAULT 0, claim_answer TEXT NOT NULL DEFAULT '[]'
  );
  CREATE INDEX workers_expiry ON workers (expires_at);
  CREATE TABLE worker_jobs (
    job TEXT NOT NULL, lease TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (job, lease)
  ) WITHOUT ROWID;

  CREATE TABLE paused (queue TEXT PRIMARY KEY, by TEXT NOT NULL, reason TEXT, at INTEGER NOT NULL) WITHOUT ROWID;
  -- Answers of operator writes, and ids of removed runs: a repeat changes nothing.
  CREATE TABLE requests (id TEXT PRIMARY KEY, answer TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE tombstones (id TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
  `,
  `
  -- The newest transitions, one row per transaction that made any: see event-log.ts.
  CREATE TABLE events (
    last INTEGER PRIMARY KEY,             -- the number of its last event
    at INTEGER NOT NULL, groups TEXT NOT NULL
  );
  -- Counts and times of one minute of one job in one queue, as JSON: see throughput.ts.
  CREATE TABLE throughput (
    minute INTEGER NOT NULL, queue TEXT NOT NULL, job TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (minute, queue, job)
  ) WITHOUT ROWID;
  `,
  `
  -- Limiters: see store/limiters.ts.
  CREATE TABLE limiters (name TEXT PRIMARY KEY, rule TEXT NOT NULL, by_hand TEXT) WITHOUT ROWID;
  CREATE TABLE limit_keys (
    limiter TEXT NOT NULL, key TEXT NOT NULL,
    used INTEGER NOT NULL, at INTEGER NOT NULL,           -- see limiter-math.ts
    tickets INTEGER NOT NULL, ticketed_at INTEGER NOT NULL,
    closed_until INTEGER NOT NULL,
    timer_at INTEGER,                     -- when its line is looked at next
    every_ms INTEGER NOT NULL,            -- the rule's period when it was written
    forget_at INTEGER NOT NULL,           -- from then on the row says nothing any more
    PRIMARY KEY (limiter, key)
  ) WITHOUT ROWID;
  CREATE INDEX limit_timers ON limit_keys (timer_at) WHERE timer_at IS NOT NULL;
  CREATE TABLE limit_lines (
    limiter TEXT NOT NULL, key TEXT NOT NULL, priority INTEGER NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL
  );
  CREATE UNIQUE INDEX limit_line_order ON limit_lines (limiter, key, priority DESC, seq, path);
  CREATE INDEX limit_line_runs ON limit_lines (seq);
  CREATE TABLE limit_holders (
    limiter TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL, cost INTEGER NOT NULL,
    PRIMARY KEY (limiter, key, seq, path)
  ) WITHOUT ROWID;
  CREATE TABLE limit_starts (
    limiter TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, cost INTEGER NOT NULL,
    PRIMARY KEY (limiter, key, at)
  ) WITHOUT ROWID;
  CREATE TABLE limit_seniors (
    limiter TEXT NOT NULL, key TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (limiter, key, seq)
  ) WITHOUT ROWID;
  -- Limits of a run (path '') and of its steps, as JSON: see limits/limit-request.ts.
  CREATE TABLE admissions (
    seq INTEGER NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (seq, path)
  ) WITHOUT ROWID;
  ALTER TABLE runs ADD COLUMN limited INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN granted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN limit_turn INTEGER NOT NULL DEFAULT 0; -- the last use of limits in this stay
  CREATE INDEX runs_granted ON runs (lease) WHERE granted = 1;
  `,
  `
  -- One row per role that was ever led; its term outlives the holder, so that no number is used twice.
  CREATE TABLE terms (
    role TEXT PRIMARY KEY, term INTEGER NOT NULL,
    lease TEXT, worker TEXT,              -- the holder; none: the role is vacant
    resigned_by TEXT,                     -- the lease that gave up the last term, if it did
    since INTEGER NOT NULL,               -- when the term began, or the last one ended
    ends_at INTEGER NOT NULL, term_ms INTEGER NOT NULL,
    duties TEXT NOT NULL                  -- JSON: duty -> when its last good round was
  ) WITHOUT ROWID;
  `,
  `
  ALTER TABLE runs ADD COLUMN unique_key TEXT;
  ALTER TABLE runs ADD COLUMN unique_until INTEGER; -- 0 until finished, 1 until started, else the end of its window
  -- Who holds a unique key: see unique-keys.ts. The sweep goes through it by number.
  CREATE TABLE unique_keys (
    n INTEGER PRIMARY KEY, job TEXT NOT NULL, key TEXT NOT NULL, run TEXT NOT NULL,
    until INTEGER,                        -- the end of a window
    UNIQUE (job, key)
  );
  CREATE INDEX unique_keys_until ON unique_keys (until) WHERE until IS NOT NULL;
  -- Duplicates leave an answer each.
  CREATE INDEX requests_until ON requests (until);
  ALTER TABLE workers ADD COLUMN queue_order TEXT NOT NULL DEFAULT 'turns';
  `,
  `
  -- What workers declare beside their jobs: see store/definitions.ts.
  CREATE TABLE definitions (
    n INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, definition BLOB NOT NULL,
    seen_by TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    in_force INTEGER NOT NULL DEFAULT 0,
    UNIQUE (kind, name, digest)
  );
  CREATE TABLE definition_leases (
    lease TEXT NOT NULL, definition INTEGER NOT NULL, PRIMARY KEY (lease, definition)
  ) WITHOUT ROWID;
  CREATE INDEX definition_leases_definition ON definition_leases (definition);

  ALTER TABLE payloads ADD COLUMN scheduled_for INTEGER;
  CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    due_at INTEGER,                       -- when its next tick is due, 0 to be planned; null: none
    queued_look INTEGER,                  -- when a queued tick is looked at again
    record TEXT NOT NULL,                 -- JSON: see schedule-row.ts
    spec BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX schedules_due ON schedules (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX schedules_queued ON schedules (queued_look) WHERE queued_look IS NOT NULL;
  CREATE TABLE ledger (
    schedule TEXT NOT NULL, n INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (schedule, n)
  ) WITHOUT ROWID;
  `,
]

/** Whether the run of a limit request holds slots until it has ended. */
const keepsSlots = (seq: string): string => `EXISTS (
    SELECT 1 FROM admissions, json_each(admissions.body, '$.takes') AS take
    WHERE admissions.seq = ${seq} AND admissions.path = ''
      AND json_extract(take.value, '$.wholeRun') AND json_extract(take.value, '$.held') IS NOT NULL
  )`

/**
 * Columns and tables that earlier versions don't need. They raise no format: that would drain the workers of the
 * previous version and keep its processes from opening the file while a deploy runs both.
 */
const additions = [
  // The canonical form of unique_key and of input_digest, if it differs: see model/digest.ts.
  { table: 'runs', column: 'canonical_key', type: 'TEXT' },
  { table: 'payloads', column: 'canonical_digest', type: 'TEXT' },
  // Positions of stored steps that the code no longer calls, as JSON.
  { table: 'runs', column: 'orphans', type: 'TEXT' },
  // The instant that a scheduled run waits for, in wall time.
  { table: 'runs', column: 'instant_at', type: 'INTEGER' },
  // Of a loss: 'exit' or 'lease'.
  { table: 'history', column: 'cause', type: 'TEXT' },
  // When an ended run was last retried: see throughput.ts.
  { table: 'runs', column: 'retried_at', type: 'INTEGER' },
  // The failure for which a run is failed.
  { table: 'runs', column: 'fingerprint', type: 'TEXT' },
  // Why a worker drains, as JSON: see worker-drain.ts.
  { table: 'workers', column: 'drain', type: 'TEXT' },
  // When a held run became ready: see executions.ts.
  { table: 'runs', column: 'ready_at', type: 'INTEGER' },
  // The schedule that made the run.
  { table: 'payloads', column: 'schedule', type: 'TEXT' },
  // The protection level of its last claim (store/protection-level.ts); null: it has not claimed yet.
  { table: 'workers', column: 'protection', type: 'INTEGER' },
  // ARN of the ECS task it runs in: WR3 in store/worker-report.ts.
  { table: 'workers', column: 'task', type: 'TEXT' },
] as const
/** Columns that came to added tables later. */
const lateAdditions = [
  // Id of the ECS task: X4 in store/executions.ts.
  { table: 'executions', column: 'task', type: 'TEXT' },
] as const
const addedTables = `
  CREATE INDEX IF NOT EXISTS runs_instants ON runs (instant_at) WHERE instant_at IS NOT NULL;
  -- Jumps of the host's clock, and what the store's time makes of them: see store-clock.ts.
  CREATE TABLE IF NOT EXISTS clock_jumps (
    n INTEGER PRIMARY KEY, at INTEGER NOT NULL, moved_ms INTEGER NOT NULL, offset_ms INTEGER NOT NULL
  );
  -- Entries of limit_lines whose run keeps slots until it has ended. By triggers: the version before writes waitlists, too.
  CREATE TABLE IF NOT EXISTS limit_keepers (
    limiter TEXT NOT NULL, key TEXT NOT NULL, priority INTEGER NOT NULL, seq INTEGER NOT NULL, path TEXT NOT NULL,
    PRIMARY KEY (limiter, key, priority DESC, seq, path)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS limit_keeper_runs ON limit_keepers (seq);
  CREATE TRIGGER IF NOT EXISTS keeper_joins AFTER INSERT ON limit_lines WHEN ${keepsSlots('NEW.seq')}
  BEGIN
    INSERT OR IGNORE INTO limit_keepers VALUES (NEW.limiter, NEW.key, NEW.priority, NEW.seq, NEW.path);
  END;
  CREATE TRIGGER IF NOT EXISTS keeper_leaves AFTER DELETE ON limit_lines
  BEGIN
    DELETE FROM limit_keepers WHERE limiter = OLD.limiter AND key = OLD.key AND priority = OLD.priority
      AND seq = OLD.seq AND path = OLD.path;
  END;
  -- Runs that wait for a limiter, by number, whatever their key.
  CREATE INDEX IF NOT EXISTS limit_line_seqs ON limit_lines (limiter, seq);
  -- Actions on many runs: see store/actions.ts.
  CREATE TABLE IF NOT EXISTS actions (
    id TEXT PRIMARY KEY,
    begun TEXT NOT NULL,                  -- JSON: what it is to do, for whom and why
    started_at INTEGER NOT NULL, touched_at INTEGER NOT NULL, ended_at INTEGER,
    cursor TEXT,                          -- null: it has ended
    done INTEGER NOT NULL, refused INTEGER NOT NULL,
    refusals TEXT NOT NULL                -- JSON
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS actions_touched ON actions (touched_at);
  -- Findings that operators have muted: see store/mutes.ts.
  CREATE TABLE IF NOT EXISTS mutes (
    finding TEXT PRIMARY KEY, until INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT
  ) WITHOUT ROWID;
  -- What lists search by. Runs that wait for nothing are in none of these: see run-plan.ts. Each condition is decided by a
  -- comparison or two, most often by the first one: an IN would cost every transition more than all of these.
  CREATE INDEX IF NOT EXISTS runs_ended_groups ON runs (state, queue, job, seq)
    WHERE ended_at IS NOT NULL AND state <> 'completed';
  CREATE INDEX IF NOT EXISTS runs_ended_times ON runs (state, changed_at, seq)
    WHERE ended_at IS NOT NULL AND state <> 'completed';
  CREATE INDEX IF NOT EXISTS runs_waiting_times ON runs (state, changed_at, seq)
    WHERE changed_at <> enqueued_at AND state = 'ready' OR state = 'waiting';
  DROP INDEX IF EXISTS runs_changed;
  DROP INDEX IF EXISTS runs_ready_again;
  -- How many runs there are: see run-counts.ts. Without runs there is nothing to count.
  CREATE TABLE IF NOT EXISTS run_counts (
    queue TEXT NOT NULL, job TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL, recounted INTEGER NOT NULL,
    PRIMARY KEY (queue, job, state)
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO settings SELECT 'recounted_at', 0 WHERE NOT EXISTS (SELECT 1 FROM runs);
  -- What each lease told of its open steps: see store/open-steps.ts. Not in workers, whose rows every claim rewrites. By
  -- a trigger: the version before ends leases, too.
  CREATE TABLE IF NOT EXISTS open_steps (
    lease TEXT PRIMARY KEY, n INTEGER NOT NULL, told_at INTEGER NOT NULL,
    steps TEXT NOT NULL                   -- JSON: OpenStep[]
  );
  CREATE TRIGGER IF NOT EXISTS open_steps_leave AFTER DELETE ON workers
  BEGIN
    DELETE FROM open_steps WHERE lease = OLD.lease;
  END;
  -- What each lease reported of itself: see store/worker-report.ts. Not in workers, for the same reason.
  CREATE TABLE IF NOT EXISTS worker_reports (
    lease TEXT PRIMARY KEY, n INTEGER NOT NULL, told_at INTEGER NOT NULL,
    report TEXT NOT NULL                  -- JSON: StoredReport
  );
  CREATE TRIGGER IF NOT EXISTS worker_reports_leave AFTER DELETE ON workers
  BEGIN
    DELETE FROM worker_reports WHERE lease = OLD.lease;
  END;
  -- Workers of ECS tasks that were lost: see store/lost-workers.ts.
  CREATE TABLE IF NOT EXISTS lost_workers (
    n INTEGER PRIMARY KEY,
    lease TEXT NOT NULL UNIQUE, name TEXT NOT NULL, task TEXT NOT NULL, seen_by TEXT NOT NULL, lost_at INTEGER NOT NULL,
    runs INTEGER NOT NULL, lost TEXT NOT NULL, -- how many it held; the first ones as JSON: see lost-workers.ts
    death TEXT                            -- JSON: DeathCause
  );
  -- What operators, leaders and workers did: see operation-log.ts.
  CREATE TABLE IF NOT EXISTS operations (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL,
    n INTEGER NOT NULL,                   -- counts operations alone
    previous INTEGER NOT NULL, transition INTEGER NOT NULL, -- numbers of the operation and of the transition before it
    body TEXT NOT NULL                    -- JSON
  );
  INSERT OR IGNORE INTO settings SELECT 'epoch', 1 + (random() & 0x3fffffffffff);
  -- Failures in groups: see failure-groups.ts.
  CREATE TABLE IF NOT EXISTS failure_groups (
    fingerprint TEXT PRIMARY KEY, job TEXT NOT NULL, step TEXT NOT NULL, name TEXT NOT NULL, code TEXT, text TEXT NOT NULL,
    tries INTEGER NOT NULL, runs INTEGER NOT NULL, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    sample TEXT NOT NULL, versions TEXT NOT NULL, minutes TEXT NOT NULL -- as JSON
  );
  CREATE INDEX IF NOT EXISTS failure_groups_seen ON failure_groups (last_at);
  -- How many runs have a fingerprint: those that are failed now for it. A trigger, because the version before deletes such
  -- runs, too. What that moves keeps its fingerprint until the sweep finds it.
  CREATE INDEX IF NOT EXISTS runs_failed_by ON runs (fingerprint, seq) WHERE fingerprint IS NOT NULL AND state = 'failed';
  CREATE INDEX IF NOT EXISTS runs_not_failed ON runs (seq) WHERE fingerprint IS NOT NULL AND state <> 'failed';
  CREATE TABLE IF NOT EXISTS failed_by (fingerprint TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS failed_by_removed AFTER DELETE ON runs WHEN OLD.fingerprint IS NOT NULL
  BEGIN
    UPDATE failed_by SET n = n - 1 WHERE fingerprint = OLD.fingerprint;
    DELETE FROM failed_by WHERE fingerprint = OLD.fingerprint AND n <= 0;
  END;
  INSERT OR IGNORE INTO limit_keepers
    SELECT limiter, key, priority, seq, path FROM limit_lines WHERE ${keepsSlots('limit_lines.seq')};
  -- Cells of hours, as those of minutes in throughput; the last minute's cell that is in one: see hour-cells.ts.
  CREATE TABLE IF NOT EXISTS hours (
    hour INTEGER NOT NULL, queue TEXT NOT NULL, job TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (hour, queue, job)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS rolled_to (
    n INTEGER PRIMARY KEY CHECK (n = 1), minute INTEGER NOT NULL, queue TEXT NOT NULL, job TEXT NOT NULL
  );
  INSERT OR IGNORE INTO settings SELECT 'counted_since', minute FROM throughput ORDER BY minute LIMIT 1;
  -- Backlogs when a period of so many ms began: see backlog-samples.ts.
  CREATE TABLE IF NOT EXISTS backlogs (
    period_ms INTEGER NOT NULL, at INTEGER NOT NULL, total INTEGER NOT NULL,
    queues TEXT NOT NULL, complete INTEGER NOT NULL, -- queue -> backlog, as JSON; whether all queues are there
    PRIMARY KEY (period_ms, at)
  ) WITHOUT ROWID;
  -- Executions that have ended: see executions.ts. By a trigger: the version before deletes runs, too.
  CREATE TABLE IF NOT EXISTS executions (
    run INTEGER NOT NULL, n INTEGER NOT NULL, claimed_at INTEGER NOT NULL, ready_at INTEGER, ended_at INTEGER NOT NULL,
    transition TEXT NOT NULL, until INTEGER, worker TEXT, version INTEGER, PRIMARY KEY (run, n)
  ) WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS executions_leave AFTER DELETE ON runs
  BEGIN
    DELETE FROM executions WHERE run = OLD.seq;
  END;
`
/**
 * Added tables whose rows follow from others, as a query: a read-only process computes them if a file lacks them. Any
 * other missing table reads as empty.
 */
export const derivedTables: Readonly<Record<string, string>> = {
  limit_keepers: `SELECT limiter, key, priority, seq, path FROM limit_lines WHERE ${keepsSlots('limit_lines.seq')}`,
}
/** The names of all that they add. */
const namesAdded = Array.from(
  addedTables.matchAll(/CREATE (?:TABLE|INDEX|TRIGGER) IF NOT EXISTS (\w+)/g),
  ([, name = '']) => name,
)

export const formatVersion: number = migrations.length

/** Upgrades the file to this version's format. @throws StoreFormatError for a newer or a foreign file. */
export async function migrate(database: StoreWriter): Promise<void> {
  if (isComplete(database)) return
  await database.write(
    () => {
      for (let version = checkFormat(database); version < formatVersion; version++) {
        database.exec(migrations[version] ?? '')
      }
      for (const column of missing(additions, database)) database.exec(addition(column))
      database.exec(addedTables)
      for (const column of missing(lateAdditions, database)) database.exec(addition(column))
      database.exec(`PRAGMA user_version = ${formatVersion}`)
      database.exec(`PRAGMA application_id = ${applicationId}`)
    },
    { durable: true },
  )
}

/**
 * Returns whether the file has all that this version reads and writes. @throws StoreFormatError for a newer or a
 * foreign file.
 */
export function isComplete(database: Database): boolean {
  return checkFormat(database) === formatVersion && hasAdditions(database)
}

/** All tables and columns of this version, as statements for an empty file. */
export function newestSchema(): string {
  return [...migrations, ...additions.map(addition), addedTables, ...lateAdditions.map(addition)].join(';\n')
}

function hasAdditions(database: Database): boolean {
  const known = new Set(
    database.all<{ name: string }>('SELECT name FROM sqlite_schema').map(({ name }) => name),
  )
  return (
    namesAdded.every((name) => known.has(name)) &&
    missing([...additions, ...lateAdditions], database).length === 0
  )
}

interface AddedColumn {
  readonly table: string
  readonly column: string
  readonly type: string
}

function missing(columns: readonly AddedColumn[], database: Database): readonly AddedColumn[] {
  return columns.filter(
    ({ table, column }) =>
      database.get('SELECT 1 FROM pragma_table_info(?) WHERE name = ?', table, column) === undefined,
  )
}

function addition({ table, column, type }: AddedColumn): string {
  return `ALTER TABLE ${table} ADD COLUMN ${column} ${type}`
}

export function readFormat(database: Sql): number {
  return Number(database.get<{ user_version: number }>('PRAGMA user_version')?.user_version)
}

/** Returns the file's format, 0 for an empty file. @throws StoreFormatError for a newer or a foreign one. */
export function checkFormat(database: Database): number {
  const version = readFormat(database)
  if (version > formatVersion) {
    throw new StoreFormatError(
      `${database.path} has format ${version}, this durable-jobs reads up to ${formatVersion}; upgrade the package`,
    )
  }
  const owner = Number(database.get<{ application_id: number }>('PRAGMA application_id')?.application_id)
  const tables = Number(database.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')?.n)
  if (tables > 0 && owner !== applicationId) {
    throw new StoreFormatError(`${database.path} is another program's database; use a separate file`)
  }
  return version
}
