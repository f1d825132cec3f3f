#!/usr/bin/env node
import { nodeVersionProblem } from '../model/node-version.ts'

// The rest is loaded only after the check: an old Node would fail on its syntax with an unhelpful message.
const problem = nodeVersionProblem(process.versions.node)
if (problem === '') {
  void import('./start.ts').then((loaded) => loaded.start(process.argv.slice(2)))
} else {
  process.stderr.write(`durable-jobs: ${problem}\n`)
  process.exitCode = 1
}
