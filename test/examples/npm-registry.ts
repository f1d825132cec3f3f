import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')

/**
 * A package registry on loopback. It serves the packages that are installed here, each in its one version, and this
 * package as `npm pack` packs it.
 */
export class NpmRegistry {
  readonly url: string
  readonly #close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async start(): Promise<NpmRegistry> {
    const folder = mkdtempSync(join(tmpdir(), 'durable-jobs-registry-'))
    const server = createServer((request, response) => {
      const name = decodeURIComponent((request.url ?? '').slice(1))
      const { port } = server.address() as AddressInfo
      reply(name, `http://127.0.0.1:${port}`, folder, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return new NpmRegistry(`http://127.0.0.1:${port}`, async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      rmSync(folder, { recursive: true })
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close()
  }
}

const tarballs = '-/'

async function reply(name: string, url: string, folder: string, response: ServerResponse): Promise<void> {
  const packed = name.startsWith(tarballs)
  const source = sourceOf(packed ? name.slice(tarballs.length) : name)
  if (source === undefined) response.writeHead(404).end('{}')
  else if (packed) response.end(await pack(source, folder))
  else {
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string }
    const version = { ...manifest, dist: { tarball: `${url}/${tarballs}${encodeURIComponent(name)}` } }
    const document = {
      name,
      'dist-tags': { latest: manifest.version },
      versions: { [manifest.version]: version },
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document))
  }
}

function sourceOf(name: string): string | undefined {
  const folder = name === 'durable-jobs' ? root : join(root, 'node_modules', name)
  return existsSync(join(folder, 'package.json')) ? folder : undefined
}

async function pack(source: string, folder: string): Promise<Buffer> {
  const { stdout } = await run('npm', [
    'pack',
    source,
    '--ignore-scripts',
    '--json',
    '--pack-destination',
    folder,
  ])
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  return readFileSync(join(folder, filename))
}
