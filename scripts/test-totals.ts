import { existsSync, readFileSync } from 'node:fs'

// Called by verify.sh: node test-totals.ts REPORT STATUS, with vitest's JSON report and the exit code of its run.

interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

const [path = '', status = ''] = process.argv.slice(2)
const report: Report = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { numPassedTests: 0, numFailedTests: 0, testResults: [] }

// A file that could not be loaded has failed without a single test of its own: it counts as one.
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length
const passed = report.numPassedTests
const failed = report.numFailedTests + broken

if (failed === 0 && status !== '0') console.log('verify: no test failed, but the run did: see above')
else if (passed + failed === 0) console.log('verify: no test ran')
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = status === '0' && failed === 0 && passed > 0 ? 0 : 1
