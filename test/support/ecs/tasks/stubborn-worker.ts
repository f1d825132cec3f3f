// A worker in a task: `stubborn-worker.ts STORE`. It has one slot, and its job's body heeds no signal and never ends.

import { createWorker } from '../../../../runtime/index.ts'
import { stubborn } from './stubborn-job.ts'

const [store = ''] = process.argv.slice(2)
void createWorker({ jobs: [stubborn], store, concurrency: 1, lease: '30s', stopTimeout: '100s' }).run()
