import { programFile } from '../processes/program-file.ts'
import type { ContainerDefinition } from './task-definition.ts'

type TaskProgram = 'sdk-inside' | 'story-worker' | 'stubborn-worker' | 'trap' | 'worker'

/** Returns the path of a program in tasks/. */
export function taskProgram(name: TaskProgram): string {
  return programFile(`test/support/ecs/tasks/${name}.ts`)
}

/** Returns a container that reports its signals: see tasks/trap.ts. */
export function trap(
  mode: 'heed' | 'ignore' | number,
  more: Partial<ContainerDefinition> = {},
): ContainerDefinition {
  return { name: 'worker', command: [process.execPath, taskProgram('trap'), String(mode)], ...more }
}

/** Returns a container that does nothing and costs little, for tests of its surroundings. */
export function idle(more: Partial<ContainerDefinition> = {}): ContainerDefinition {
  return { name: 'worker', command: ['sleep', '86400'], ...more }
}
