import type { StepPath } from '../../runtime/model/step-path.ts'

/** A row of a run's steps: a step, or a scope that holds steps. */
export interface TreeRow {
  readonly kind: 'step' | 'scope'
  /** Of a scope: the prefix of its steps. */
  readonly path: StepPath
  readonly depth: number
  /** The last part of the path, as its author wrote it. */
  readonly label: string
}

interface Node {
  readonly row: TreeRow
  readonly children: Map<string, Node>
}

/** Returns the rows of paths, each scope above its steps, in the order in which the paths came. */
export function stepTree(paths: Iterable<StepPath>): TreeRow[] {
  const top = new Map<string, Node>()
  for (const path of paths) insert(top, path)
  return [...top.values()].flatMap(rowsOf)
}

/** A separator inside a name is escaped. */
function insert(top: Map<string, Node>, path: StepPath): void {
  const parts = path.split('/')
  let level = top
  for (const [depth, part] of parts.entries()) {
    const kind = depth === parts.length - 1 ? 'step' : 'scope'
    // A scope may have the name of a step.
    const key = `${kind}/${part}`
    const row = { kind, path: parts.slice(0, depth + 1).join('/'), depth, label: segmentText(part) } as const
    const node = level.get(key) ?? { row, children: new Map<string, Node>() }
    level.set(key, node)
    level = node.children
  }
}

function rowsOf({ row, children }: Node): TreeRow[] {
  return [row, ...[...children.values()].flatMap(rowsOf)]
}

/** `name[key]#2` with the characters that paths escape. */
function segmentText(segment: string): string {
  return segment.replace(/%([0-9A-F]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** Returns the scopes around a path, the outermost first. */
export function scopesOf(path: StepPath): StepPath[] {
  const scopes: StepPath[] = []
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) scopes.push(path.slice(0, at))
  return scopes
}
