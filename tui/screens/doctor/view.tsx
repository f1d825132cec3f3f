import { Box } from 'ink'
import type { ReactElement } from 'react'
import { wrap } from '../../../runtime/cli/plain-text.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import type { StoreCheck } from '../../../runtime/store/store.ts'
import { EmptyList } from '../../kit/empty-list.tsx'
import { Pane } from '../../kit/pane.tsx'
import { type Span, span } from '../../kit/span.ts'
import { Spans } from '../../kit/spans.tsx'
import { Table } from '../../kit/table.tsx'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import type { ScreenInput, ViewProps } from '../screen.ts'
import { type CheckRow, type DoctorData, verdictText } from './rows.ts'

const tones: Readonly<Record<StoreCheck['verdict'], Tone>> = { fine: 'good', warning: 'warn', fault: 'bad' }

function columns({ look }: ViewProps<DoctorData>): readonly TableColumn<CheckRow>[] {
  const glyph = { fine: look.glyphs.fine, warning: look.glyphs.warning, fault: look.glyphs.critical }
  return [
    {
      title: 'VERDICT',
      cell: ({ check }) => `${glyph[check.verdict]} ${check.verdict}`,
      tone: ({ check }) => tones[check.verdict],
      usual: 9,
    },
    { title: 'CHECK', cell: ({ check }) => check.name, usual: 14 },
    { title: 'FOUND', cell: ({ check }) => check.found, shrinks: true },
  ]
}

const detailHeight = 6
const leastList = 6

/** The rest of the body is the list; a low terminal has no room for the pane below it. */
export function doctorLayout({ size }: Pick<ScreenInput<DoctorData>, 'size'>): {
  readonly paneHeight: number
  readonly detailHeight: number
  readonly listHeight: number
} {
  const hasDetail = size.rows >= leastList + detailHeight
  const paneHeight = hasDetail ? size.rows - detailHeight : size.rows
  // Less its rule and the title line of the table.
  return { paneHeight, detailHeight: hasDetail ? detailHeight : 0, listHeight: paneHeight - 2 }
}

export function DoctorView(props: ViewProps<DoctorData>): ReactElement {
  const { data, size, look, place, windows } = props
  const layout = doctorLayout(props)
  const list = windows.checks
  const current = list?.rows[list.line] as CheckRow | undefined
  return (
    <Box flexDirection="column">
      <Pane title="doctor" note={noteOf(props)} width={size.columns} height={layout.paneHeight} look={look}>
        {list === undefined || list.count === 0 ? (
          <EmptyList {...props} what="check" />
        ) : (
          <Table columns={columns(props)} window={list} place={place} look={look} width={size.columns} />
        )}
      </Pane>
      {layout.detailHeight === 0 || current === undefined || data === undefined ? null : (
        <Pane title={current.check.name} width={size.columns} height={layout.detailHeight} look={look}>
          {detailLines(current.check, size.columns - 2).map((line) => (
            <Spans key={line} spans={[span(` ${line}`)]} />
          ))}
        </Pane>
      )}
    </Box>
  )
}

function noteOf({ data, fleet }: ViewProps<DoctorData>): Span {
  if (data === undefined) return span('checking', 'dim')
  const { connection } = fleet
  const latency = connection.kind === 'live' ? `  reply in ${durationToken(connection.latencyMs)}` : ''
  return span(`${verdictText(data)}   ${data.address}   version ${data.version}${latency}`, 'dim')
}

function detailLines({ found, remedy }: StoreCheck, width: number): readonly string[] {
  const texts = remedy === undefined ? [found] : [found, `to do: ${remedy}`]
  return texts.flatMap((text) => wrap(text, width))
}
