import { firstUserFrame } from '../../runtime/cli/stack-frames.ts'
import { errorText } from '../../runtime/describe/situation.ts'
import type { StoredError } from '../../runtime/model/stored-error.ts'
import { brokenLines, type DocumentLine, documentLine, documentText } from './document.ts'
import type { Look } from './look.ts'
import { span } from './span.ts'

export interface ErrorDocumentOptions {
  /** What ids of its lines begin with. */
  readonly id: string
  readonly width: number
  readonly look: Look
  readonly depth?: number
  /** Ids of errors, without their begin, whose stack is not as it is at first: folded. */
  readonly toggled?: ReadonlySet<string>
  /** All of it is open. */
  readonly unfolded?: true
}

/**
 * An error, its inner errors and its causes, as lines that fold. A folded one still shows the first frame in a user's
 * file, marked: the one that its reader can change.
 */
export function errorDocument(error: StoredError, options: ErrorDocumentOptions): readonly DocumentLine[] {
  return linkLines(error, '', '', options.depth ?? 0, options)
}

/** One error and all below it. */
function linkLines(
  error: StoredError,
  path: string,
  role: string,
  depth: number,
  options: ErrorDocumentOptions,
): readonly DocumentLine[] {
  const { errors = [], cause } = error
  return [
    ...ownLines(error, path, role, depth, options),
    ...errors.flatMap((inner, i) => linkLines(inner, `${path}.${i}`, 'with ', depth + 1, options)),
    ...(cause === undefined ? [] : linkLines(cause, `${path}.cause`, 'caused by ', depth, options)),
  ]
}

function ownLines(
  error: StoredError,
  path: string,
  role: string,
  depth: number,
  { id, width, look, toggled, unfolded }: ErrorDocumentOptions,
): readonly DocumentLine[] {
  const own = id + path
  const [first = '', ...more] = errorText(error).split('\n')
  const frames = framesOf(error)
  const open = unfolded === true || toggled?.has(path) === true
  const head = documentLine({
    ...{ id: own, depth, spans: [span(role, 'dim'), span(first, 'bad'), span(codeText(error), 'warn')] },
    ...(frames.length === 0 ? {} : { fold: open ? 'open' : 'folded' }),
  })
  const rest = more.map((text, i) => documentLine({ id: `${own}:${i}`, depth, spans: [span(text, 'bad')] }))
  const fields = Object.entries(open ? (error.fields ?? {}) : {}).map(([name, value]) =>
    documentLine({
      ...{ id: `${own}.field ${name}`, depth: depth + 1 },
      spans: [span(`${name}: `, 'dim'), span(String(value))],
    }),
  )
  const stack = frames
    .filter(({ isUsers }) => open || isUsers)
    .map(({ text, isUsers, at }) =>
      documentLine({
        ...{ id: `${own}@${at}`, depth: depth + 1 },
        spans: isUsers
          ? [span(text, 'key'), span(`  ${look.ascii ? '<-' : '←'} your code`, 'key')]
          : [span(text, 'dim')],
      }),
    )
  return [head, ...rest, ...fields, ...stack].flatMap((line) => brokenLines(line, width, 'between words'))
}

function codeText({ code, status }: StoredError): string {
  const shown = code ?? status
  return shown === undefined ? '' : ` [${shown}]`
}

interface StackLine {
  readonly text: string
  readonly at: number
  readonly isUsers: boolean
}

/** The lines below name and message. */
function framesOf({ stack = '' }: StoredError): readonly StackLine[] {
  const user = firstUserFrame(stack)
  const place = user === undefined ? undefined : `:${user.line}`
  let marked = false
  return stack.split('\n').flatMap((line, at) => {
    if (!/^\s+at /.test(line)) return []
    const isUsers = !marked && user !== undefined && line.includes(`${user.path}${place}`)
    marked ||= isUsers
    return [{ text: line.trim(), at, isUsers }]
  })
}

/** An error with its stacks and causes, as text without folds. */
export function errorCopy(error: StoredError, look: Look): string {
  return documentText(errorDocument(error, { id: '', width: Number.POSITIVE_INFINITY, look, unfolded: true }))
}
