import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import type { Socket } from 'node:net'

// Ensures that no server, and no folder of one, outlives the process that started it. Vitest ends its workers by
// SIGTERM, so that they emit no `exit`: a guard then sees the end of its input, and cleans up.

const guardScript = `
living=
folders=
newline='
'
while read -r verb what; do
  others=
  for pid in $living; do [ "$pid" = "$what" ] || others="$others $pid"; done
  case $verb in
    pid) living="$others $what" ;;
    ended) living=$others ;;
    folder) folders="$folders$what$newline" ;;
  esac
done
for pid in $living; do kill -9 "$pid"; done
printf %s "$folders" | while IFS= read -r folder; do rm -rf -- "$folder"; done
`

const pids = new Set<number>()
const folders = new Set<string>()
let guard: ChildProcess | undefined

/** Kills the process when this one ends, however it ends. */
export function killAtExit(pid: number): void {
  pids.add(pid)
  tellGuard(`pid ${pid}`)
}

/** Call it as soon as the process has ended: its id may soon belong to another one. */
export function hasEnded(pid: number): void {
  pids.delete(pid)
  tellGuard(`ended ${pid}`)
}

/** Deletes the folder when this process ends, however it ends. */
export function deleteAtExit(folder: string): void {
  folders.add(folder)
  tellGuard(`folder ${folder}`)
}

export function deleteNow(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

function tellGuard(line: string): void {
  guard ??= startGuard()
  guard.stdin?.write(`${line}\n`)
}

function startGuard(): ChildProcess {
  // In a process group of its own: Ctrl-C must not end it before its work is done.
  const child = spawn('/bin/sh', ['-c', guardScript], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  child.unref()
  const input = child.stdin as Socket | null
  input?.unref()
  process.on('exit', () => {
    for (const pid of pids) kill(pid)
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return child
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}
