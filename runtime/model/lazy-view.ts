type Fields<Source, View> = { readonly [Name in keyof View]: (source: Source) => View[Name] }

/**
 * Returns a function that makes views: objects whose fields are read from their source when they are read themselves. The
 * fields are own and enumerable, so that a copy by spread has them all. All views of a kind share their getters, as an
 * object with getters of its own takes ten times the memory.
 */
export function lazyViews<Source, View extends object>(
  fields: Fields<Source, View>,
): (source: Source) => View {
  const from = Symbol('source')
  const getters = Object.entries<(source: Source) => unknown>(fields).map(([name, read]) => {
    const get = function (this: { readonly [from]: Source }): unknown {
      return read(this[from])
    }
    return [name, { enumerable: true, get }] as const
  })
  return (source) => {
    const view = Object.defineProperty({}, from, { value: source })
    for (const [name, getter] of getters) Object.defineProperty(view, name, getter)
    return view as View
  }
}
