import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { freePort } from '../support/redis/free-port.ts'
import { RespConnection } from '../support/redis/resp-connection.ts'

const file = fileURLToPath(new URL('./orphans-process.ts', import.meta.url))

async function startedByAnother(): Promise<{ kill(): void; port: number; folder: string }> {
  const child = fork(file)
  const { port, folder } = await new Promise<{ port: number; folder: string }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { port: number; folder: string }))
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
  return { port, folder, kill: () => void child.kill('SIGKILL') }
}

test('a server and its folder disappear soon after its process is killed', async () => {
  const { port, folder, kill } = await startedByAnother()
  const connection = await RespConnection.open(port)
  expect(await connection.call('PING')).toBe('PONG')
  kill()
  await expect.poll(() => existsSync(folder)).toBe(false)
  await expect(connection.call('PING')).rejects.toThrow()
})

test('a free port leaves room for the cluster bus, below the ports of outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort(true)))
  for (const port of ports) expect(port + 10_000).toBeLessThan(32_768)
})
