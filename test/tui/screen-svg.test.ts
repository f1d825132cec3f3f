import { describe, expect, test } from 'vitest'
import { screenSvg } from '../../scripts/screens/screen-svg.ts'
import { terminalCells } from '../../scripts/screens/terminal-cells.ts'

const esc = '\u001b'

function spans(text: string): unknown[] {
  return terminalCells(text).map((line) =>
    line.map(({ column, text: shown, style }) => [column, shown, style]),
  )
}

describe('cells of a terminal', () => {
  test('have their columns and their style, which continues on the next line', () => {
    expect(spans(`a${esc}[31mred\nstill${esc}[39m not\n`)).toEqual([
      [
        [0, 'a', {}],
        [1, 'red', { color: '#f47067' }],
      ],
      [
        [0, 'still', { color: '#f47067' }],
        [5, ' not', {}],
      ],
    ])
  })

  test('bold, dim, italic, underline and inverse start and end', () => {
    const on = `${esc}[1mB${esc}[0;2mD${esc}[22;3mI${esc}[23;4mU${esc}[24;7mV${esc}[27mn`
    expect(spans(on)).toEqual([
      [
        [0, 'B', { bold: true }],
        [1, 'D', { dim: true }],
        [2, 'I', { italic: true }],
        [3, 'U', { underline: true }],
        [4, 'V', { inverse: true }],
        [5, 'n', {}],
      ],
    ])
  })

  test('sixteen, 256 and true colors, of text and of its background', () => {
    expect(spans(`${esc}[92;41ma${esc}[38;5;196;48;5;236mb${esc}[38;2;1;2;3;49mc${esc}[38:5:2md`)).toEqual([
      [
        [0, 'a', { color: '#6bc46d', background: '#f47067' }],
        [1, 'b', { color: '#ff0000', background: '#303030' }],
        [2, 'c', { color: '#010203' }],
        [3, 'd', { color: '#57ab5a' }],
      ],
    ])
  })

  test('other sequences and control characters are not drawn, and wide characters take two cells', () => {
    const link = `${esc}]8;;https://example.com${esc}\\text${esc}]8;;${esc}\\`
    expect(spans(`${link}${esc}[2K${esc}(B\u000f漢字${esc}[1me\u0301x`)).toEqual([
      [
        [0, 'text', {}],
        [4, '漢字', {}],
        [8, 'e\u0301x', { bold: true }],
      ],
    ])
  })
})

describe('a picture of a screen', () => {
  const picture = (text: string): string =>
    screenSvg({ title: 'Runs & more', columns: 10, rows: 2, lines: terminalCells(text) })

  test('is one SVG of the size of its cells, with its title', () => {
    const svg = picture('')
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 112 64"/)
    expect(svg).toContain('<title>Runs &amp; more</title>')
    expect(svg.trimEnd()).toMatch(/<\/svg>$/)
  })

  test('text keeps its position, whatever is beside it, and is escaped', () => {
    const svg = picture(`ab${esc}[1m  <b>`)
    expect(svg).toContain('<text x="14" y="27.5" textLength="16.8">ab</text>')
    expect(svg).toContain('<text x="47.6" y="27.5" textLength="25.2" font-weight="700">&lt;b&gt;</text>')
  })

  test('text after a wide gap keeps its position in any font', () => {
    expect(picture('a b   c')).toContain('<text x="14" y="27.5" textLength="25.2">a b</text>')
    expect(picture('a b   c')).toContain('<text x="64.4" y="27.5" textLength="8.4">c</text>')
  })

  test('blocks are drawn as boxes, and equal neighbors as one', () => {
    expect(picture('a███')).toContain('<rect x="22.4" y="14" width="25.2" height="18" fill="#adbac7"/>')
    const svg = picture(`${esc}[32m▁█ x▌`)
    expect(svg).toContain('<rect x="14" y="29.75" width="8.4" height="2.25" fill="#57ab5a"/>')
    expect(svg).toContain('<rect x="22.4" y="14" width="8.4" height="18" fill="#57ab5a"/>')
    expect(svg).toContain('<text x="39.2" y="27.5" textLength="8.4" fill="#57ab5a">x</text>')
    expect(svg).toContain('<rect x="47.6" y="14" width="4.2" height="18" fill="#57ab5a"/>')
  })

  test('inverse text swaps its colors, including those of the terminal', () => {
    const svg = picture(`${esc}[7mab`)
    expect(svg).toContain('<rect x="14" y="14" width="16.8" height="18" fill="#adbac7"/>')
    expect(svg).toContain('fill="#22272e">ab</text>')
  })

  test('lines below the screen are omitted', () => {
    expect(picture('one\ntwo\nthree')).not.toContain('three')
  })
})
