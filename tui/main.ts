#!/usr/bin/env node
import { nodeVersionProblem } from '../runtime/model/node-version.ts'

// The rest is loaded only after the check: an old Node would fail on its syntax with an unhelpful message.
const problem = nodeVersionProblem(process.versions.node)
if (problem === '') {
  void import('./start.ts').then((loaded) => loaded.start(process.argv.slice(2)))
} else {
  process.stderr.write(`jobs-tui: ${problem}\n`)
  process.exitCode = 1
}
