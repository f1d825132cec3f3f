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

interface Manifest {
  readonly version: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** The packages of the lock file, those of other platforms too, by their places in `node_modules`. */
const { packages: locked } = readJson<{ packages: Readonly<Record<string, Manifest>> }>(
  join(root, 'package-lock.json'),
)
const { overrides } = readJson<{ overrides: Readonly<Record<string, string>> }>(join(root, 'package.json'))

/**
 * A package registry on loopback. It serves the packages of the lock file, each in its one version, packed from where they are
 * installed, and this package as `npm pack` packs it.
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
  if (name.startsWith(tarballs)) {
    response.end(await pack(folderOf(name.slice(tarballs.length)), folder))
    return
  }
  const manifest = manifestOf(name)
  if (manifest === undefined) {
    response.writeHead(404).end('{}')
    return
  }
  const { version } = manifest
  const dist = { tarball: `${url}/${tarballs}${encodeURIComponent(name)}` }
  const versions = { [version]: { ...manifest, name, dist } }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }))
}

function folderOf(name: string): string {
  return name === 'durable-jobs' ? root : join(root, 'node_modules', name)
}

function manifestOf(name: string): Manifest | undefined {
  const file = join(folderOf(name), 'package.json')
  const manifest = existsSync(file) ? readJson<Manifest>(file) : locked[`node_modules/${name}`]
  const optional = Object.entries(manifest?.optionalDependencies ?? {})
  if (manifest === undefined || optional.length === 0) return manifest
  // The lock file follows the overrides of this package, which a project that uses it doesn't have.
  return {
    ...manifest,
    optionalDependencies: Object.fromEntries(optional.map(([key, range]) => [key, overrides[key] ?? range])),
  }
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T
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
