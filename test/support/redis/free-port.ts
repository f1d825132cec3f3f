import { createServer } from 'node:net'

/**
 * Below the ports that the system gives to outgoing connections (32768 and up on Linux, 49152 on macOS). From those a
 * client that reconnects to a killed server may by chance get the server's own port, be connected to itself, and keep
 * the server from starting again. The cluster bus is on `port + 10000`, which has to be below them too.
 */
const least = 10_000
const most = 31_999
const busDistance = 10_000

/** A port of the loopback interface without a listener; the first process to bind it has it. */
export async function freePort(withBus = false): Promise<number> {
  const ceiling = withBus ? most - busDistance : most
  for (;;) {
    const port = least + Math.floor(Math.random() * (ceiling - least + 1))
    if ((await isFree(port)) && (!withBus || (await isFree(port + busDistance)))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
