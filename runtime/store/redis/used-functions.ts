/*
 * Removes unused functions from a script's shared parts. A server creates every function of a script anew in each call
 * of it, even unused ones: about 0.1 us each, and a part has dozens.
 */

/** A function that begins and ends at the start of a line, or is one line. */
const topFunction = /^(?:local )?function (\w+)\([^)]*\)(?: .* end|\n[\s\S]*?\nend)$/gm

/** Names that only forward-declare a function. */
const declaration = /^local [\w, ]+$/gm

/** Naming a function there doesn't use it. */
const comment = /--\[\[[\s\S]*?\]\]|--.*/g

/** By code: most functions stand in front of many scripts. */
const known = new Map<string, ReadonlySet<string>>()

function namesIn(code: string): ReadonlySet<string> {
  const names = known.get(code) ?? new Set(code.replace(declaration, '').match(/[A-Za-z_]\w*/g))
  known.set(code, names)
  return names
}

/**
 * Returns the parts without the functions that neither the script nor the rest of the parts uses. A name that means
 * something else elsewhere keeps its function.
 */
export function withUsedFunctions(parts: string, script: string): string {
  const uses = new Map<string, ReadonlySet<string>>()
  const code = parts.replace(comment, '').replace(topFunction, (text, name: string) => {
    uses.set(name, new Set([...(uses.get(name) ?? []), ...namesIn(text.slice(text.indexOf('(')))]))
    return ''
  })
  const used = new Set([...namesIn(code), ...namesIn(script.replace(comment, ''))])
  // A set iterates items that are added meanwhile.
  for (const name of used) {
    for (const next of uses.get(name) ?? []) used.add(next)
  }
  return parts.replace(topFunction, (text, name: string) => (used.has(name) ? text : ''))
}
