import { useInput, usePaste } from 'ink'
import type { App } from '../app/app.ts'
import { keysOf } from '../app/key.ts'

/** Hands keys and pastes to the app. */
export function Input({ app }: { readonly app: App }): null {
  useInput((input, key) => {
    const read = app.readNumber()
    for (const one of keysOf(input, key)) app.dispatch({ kind: 'key', key: one, read })
  })
  usePaste((text) => app.dispatch({ kind: 'paste', text }))
  return null
}
