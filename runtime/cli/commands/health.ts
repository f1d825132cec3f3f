import { type Command, Option } from 'commander'
import { wholeNumber } from '../option-values.ts'
import { printJson, remark, say } from '../output.ts'
import { addSharedOptions, forgetUnset, type SharedOptions } from '../shared-options.ts'

interface HealthOptions extends SharedOptions {
  readonly port: number
  readonly ready?: boolean
}

interface Health {
  readonly healthy: boolean
  readonly url: string
  readonly answer: string
}

const patienceMs = 4_000

export function addHealth(program: Command): void {
  const command = program
    .command('health')
    .description('check whether the worker on this host is alive; exit 1 if not')
    .addOption(portOption())
    .option('--ready', 'check whether it takes runs (/ready) instead of whether it is alive (/live)')
  addSharedOptions(command, '{ healthy, url, answer }').action(health)
}

function portOption(): Option {
  const variable = 'DURABLE_JOBS_HEALTH_PORT'
  forgetUnset(variable)
  return new Option('--port <n>', 'the --health-port of the worker')
    .argParser(wholeNumber(1, 65_535))
    .env(variable)
    .makeOptionMandatory()
}

async function health({ port, ready, json }: HealthOptions): Promise<void> {
  const url = `http://127.0.0.1:${port}/${ready ? 'ready' : 'live'}`
  const found = await ask(url)
  const line = `${found.healthy ? 'healthy' : 'not healthy'}: ${url} returned ${found.answer}`
  if (json) printJson(found)
  else if (found.healthy) say(line)
  else remark(`durable-jobs: ${line}`)
  process.exitCode = found.healthy ? 0 : 1
}

async function ask(url: string): Promise<Health> {
  // On use: loading it is a quarter of the time of any other command.
  const { get } = await import('node:http')
  return new Promise((resolve) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(patienceMs) }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => {
        // Why it is not ready, if there is more to say.
        const why = text.trim().split(': ').slice(1).join(': ')
        const answer = why === '' ? `${response.statusCode}` : `${response.statusCode}: ${why}`
        resolve({ healthy: response.statusCode === 200, url, answer })
      })
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      const answer =
        error.name === 'AbortError' ? `nothing within ${patienceMs / 1000} s` : `nothing (${error.message})`
      resolve({ healthy: false, url, answer })
    })
  })
}
