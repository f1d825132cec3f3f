import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { keysPage } from '../../scripts/screens/keys-page.ts'
import { screenNames } from '../../tui/app/place.ts'
import { screens } from '../../tui/screens/screens.ts'
import { filterKeys } from '../../tui/text/filter-keys.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const page = read('docs/jobs-tui.md')

test('the page of keys matches the keymap; npm run keys writes it', () => {
  expect(read('docs/jobs-tui-keys.md')).toBe(keysPage())
})

describe('docs/jobs-tui.md', () => {
  test('covers every screen, with its picture', () => {
    const pictures = screenNames.filter((name) => !page.includes(`](screens/${name}.svg)`))
    expect(pictures).toEqual(['step'])
  })

  test.each(screenNames.slice(0, 9).map((name, i) => [name, i + 1] as const))(
    'the picture of %s shows that screen',
    (name, digit) => {
      expect(read(`docs/screens/${name}.svg`)).toContain(`[${digit} ${screens[name]?.title}`)
    },
  )

  test('covers every key of the filter', () => {
    expect(filterKeys.filter(({ name }) => !new RegExp(`\`${name}[:><]`).test(page))).toEqual([])
  })
})

test('every link between the documents resolves to a file and a heading', () => {
  const files = [...globSync('docs/*.md', { cwd: root }), 'README.md', 'CONTRIBUTING.md']
  const links = files.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, target, heading]) => ({
      file,
      target: target === '' ? file : join(dirname(file), target ?? ''),
      heading,
    })),
  )
  expect(links.length).toBeGreaterThan(30)
  expect(links.filter(({ target }) => !existsSync(join(root, target)))).toEqual([])
  expect(links.filter(({ target, heading }) => heading && !headingsOf(target).includes(heading))).toEqual([])
})

/** As GitHub names them in addresses. */
function headingsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
