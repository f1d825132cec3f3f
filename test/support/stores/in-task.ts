import type { NewWorker } from '../../../runtime/store/store.ts'

/** The ARN of a task by its id. */
export function arnOf(task: string): string {
  return `arn:aws:ecs:eu-central-1:111122223333:task/jobs/${task}`
}

/** The registration of a worker in a task. */
export function inTask(task: string, over: Partial<NewWorker> = {}): Partial<NewWorker> {
  const identity = {
    taskArn: arnOf(task),
    cluster: 'jobs',
    region: 'eu-central-1',
    family: 'w',
    revision: '1',
  }
  return { ...over, report: { n: 1, agoMs: 0, task: { ...identity, process: task, upMs: 0 } } }
}
