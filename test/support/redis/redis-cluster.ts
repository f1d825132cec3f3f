import { setTimeout as sleep } from 'node:timers/promises'
import { RedisServer, type RedisServerOptions } from './redis-server.ts'

export interface MigrationOptions {
  /** After each key that has moved: the slot is then half here and half there. */
  readonly onKey?: (key: string) => Promise<void>
}

const slotCount = 16_384
const nodeCount = 3
const keysPerBatch = 10
const migrateTimeoutMs = 5000
const pollMs = 20
const patienceMs = 120_000

/** A Redis Cluster of three masters on loopback, without replicas. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[]
  readonly #owners: RedisServer[]

  private constructor(nodes: readonly RedisServer[], owners: RedisServer[]) {
    this.nodes = nodes
    this.#owners = owners
  }

  /** Resolves when every node accepts calls for its slots; a fresh node is not writable for about two seconds. */
  static async start(options: Pick<RedisServerOptions, 'appendOnly' | 'config'> = {}): Promise<RedisCluster> {
    const starts = await Promise.allSettled(
      Array.from({ length: nodeCount }, () => RedisServer.start({ ...options, cluster: true })),
    )
    const nodes = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    try {
      for (const start of starts) if (start.status === 'rejected') throw start.reason
      const cluster = new RedisCluster(nodes, await join(nodes))
      await cluster.healthy()
      return cluster
    } catch (error) {
      await Promise.all(nodes.map((node) => node.remove()))
      throw error
    }
  }

  get url(): string {
    return this.ownerOf(0).url
  }

  /** By CRC16, of the text in the first pair of braces if it is not empty. */
  slotOf(key: string): number {
    const open = key.indexOf('{')
    const close = key.indexOf('}', open + 1)
    const tagged = open >= 0 && close > open + 1
    return crc16(Buffer.from(tagged ? key.slice(open + 1, close) : key)) % slotCount
  }

  /** Changes with `migrateSlot` only. */
  ownerOf(slot: number): RedisServer {
    const owner = this.#owners[slot]
    if (owner === undefined) throw new Error(`there is no slot ${slot}`)
    return owner
  }

  /** Resolves when all nodes see all slots served: after the start, and after a node was restarted. */
  async healthy(): Promise<void> {
    const late = AbortSignal.timeout(patienceMs)
    for (const node of this.nodes) {
      for (;;) {
        const info = String(await node.command('CLUSTER', 'INFO').catch(() => ''))
        const known = info.includes(`cluster_known_nodes:${this.nodes.length}\r\n`)
        const served = info.includes(`cluster_slots_ok:${slotCount}\r\n`)
        if (known && served && info.includes('cluster_state:ok\r\n')) break
        if (late.aborted) throw new Error(`the cluster is not healthy after ${patienceMs} ms:\n${info}`)
        await sleep(pollMs)
      }
    }
  }

  /** The documented live migration, key by key. Functions and scripts are not moved: they belong to a node. */
  async migrateSlot(slot: number, to: RedisServer, options: MigrationOptions = {}): Promise<void> {
    const from = this.ownerOf(slot)
    if (from === to) return
    const [fromId, toId] = await Promise.all([idOf(from), idOf(to)])
    await to.command('CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', fromId)
    await from.command('CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', toId)
    for (;;) {
      const keys = await from.command('CLUSTER', 'GETKEYSINSLOT', `${slot}`, `${keysPerBatch}`)
      if (!Array.isArray(keys) || keys.length === 0) break
      for (const key of keys.map(String)) {
        await from.command('MIGRATE', '127.0.0.1', `${to.port}`, key, '0', `${migrateTimeoutMs}`)
        await options.onKey?.(key)
      }
    }
    // The new owner first: with the old one first, no node would own the slot in between.
    const others = this.nodes.filter((node) => node !== to && node !== from)
    for (const node of [to, from, ...others]) {
      await node.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', toId)
    }
    this.#owners[slot] = to
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()))
  }
}

/** Gives each node its share of the slots and introduces the nodes to each other; returns the owner of each slot. */
async function join(nodes: readonly RedisServer[]): Promise<RedisServer[]> {
  const owners: RedisServer[] = []
  for (const [index, node] of nodes.entries()) {
    const first = owners.length
    const last = Math.floor((slotCount * (index + 1)) / nodes.length) - 1
    for (let slot = first; slot <= last; slot++) owners.push(node)
    await addSlots(node, first, last)
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
  }
  for (const node of nodes) {
    for (const other of nodes) {
      if (other !== node) await node.command('CLUSTER', 'MEET', '127.0.0.1', `${other.port}`)
    }
  }
  return owners
}

async function addSlots(node: RedisServer, first: number, last: number): Promise<void> {
  try {
    await node.command('CLUSTER', 'ADDSLOTSRANGE', `${first}`, `${last}`)
  } catch {
    // Redis 6.2 knows no ranges.
    const slots = Array.from({ length: last - first + 1 }, (_, index) => `${first + index}`)
    await node.command('CLUSTER', 'ADDSLOTS', ...slots)
  }
}

async function idOf(node: RedisServer): Promise<string> {
  return String(await node.command('CLUSTER', 'MYID'))
}

/** CRC-16/XMODEM. */
function crc16(bytes: Buffer): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc
}
