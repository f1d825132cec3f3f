import { inspect } from 'node:util'
import { type Command, Option } from 'commander'
import type { EnqueuedRun } from '../../client/enqueued-run.ts'
import { defined } from '../../model/defined.ts'
import { InvalidInputError } from '../../model/errors.ts'
import { InvalidOptionsError } from '../../model/invalid-options-error.ts'
import { messageOf } from '../../model/thrown.ts'
import { storeAddress, withConnection } from '../connection.ts'
import { findJob, loadJobs } from '../load-jobs.ts'
import { duration, instant, pairs, repeated, wholeNumber } from '../option-values.ts'
import { print, printJson, remark } from '../output.ts'
import { addSharedOptions, type SharedOptions } from '../shared-options.ts'

interface EnqueueOptions extends SharedOptions {
  readonly id?: string
  readonly delay?: number
  readonly at?: Date
  readonly priority?: number
  readonly tag?: string[]
  readonly header?: Record<string, string>
  readonly expiresIn?: number
  readonly wait?: boolean
  readonly timeout?: number
}

export function addEnqueue(program: Command): void {
  const command = program
    .command('enqueue')
    .description('enqueue a run and print its id')
    .argument('<file>', 'file or folder that exports the job (.ts, .mts, .js, .mjs)')
    .argument('<name>', 'name of the job')
    .argument('[json]', 'its input as JSON', parseInputJson)
    .option('--id <id>', 'id of the run; the same id and input again joins the existing run')
    .addOption(new Option('--delay <duration>', 'start after this time').argParser(duration).conflicts('at'))
    .option('--at <time>', 'start at this time, such as 2030-01-31T09:00:00Z', instant)
    .option('--priority <n>', '-1000 to 1000, higher first', wholeNumber(-1000, 1000))
    .option('--tag <tag>', 'tag to find it by (may be repeated)', repeated)
    .option('--header <key=value>', 'header for the job to read (may be repeated)', pairs("'key=value'"))
    .option('--expires-in <duration>', 'expire the run if no worker starts it within this time', duration)
    .option('--wait', 'wait for the result and print it')
    .addOption(
      new Option('--timeout <duration>', 'with --wait: wait no longer')
        .argParser(duration)
        .implies({ wait: true }),
    )
  addSharedOptions(command, '{ id, outcome: created | joined | replaced, replaced?, output? }').action(
    enqueue,
  )
}

async function enqueue(file: string, name: string, input: unknown, options: EnqueueOptions): Promise<void> {
  const { id, delay, at, priority, tag: tags, header: headers, expiresIn, wait, timeout, json } = options
  const store = storeAddress(options)
  const job = findJob(await loadJobs([file]), name, file)
  await withConnection(
    { store },
    async (jobs) => {
      const handle = await jobs
        .enqueue(job, input, defined({ id, delay, at, priority, tags, headers, expiresIn }))
        .catch((error: unknown) => refused(error, input, name))
      const { id: run, outcome, replaced } = handle
      const did = { id: run, outcome, ...defined({ replaced }) }
      if (!json) tellOutcome(handle)
      if (!wait) return json ? printJson(did) : undefined
      const output = await handle.result(defined({ timeout }))
      if (json) printJson({ ...did, output: output ?? null })
      else print(inspect(output, { depth: 10 }))
    },
    { create: true },
  )
}

/** Prints only the id on stdout; any other outcome than a new run on stderr. */
function tellOutcome({ id, outcome, replaced }: EnqueuedRun<unknown>): void {
  print(id)
  if (outcome === 'joined') remark('joined an existing run; no new run was created')
  if (outcome === 'replaced') remark(`replaces run ${replaced}, which had not started and is cancelled`)
}

function refused(error: unknown, input: unknown, job: string): never {
  if (!InvalidInputError.is(error) || input !== undefined) throw error
  throw new InvalidInputError(job, [...error.issues, `none was given; add it as JSON after '${job}'`])
}

function parseInputJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const problem = messageOf(error)
    throw new InvalidOptionsError(
      `the input is not JSON: ${problem}; write single quotes around it and double quotes inside: '{"file":"a.csv"}'`,
    )
  }
}
