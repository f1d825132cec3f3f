import { Box } from 'ink'
import type { ReactElement } from 'react'
import { wrap } from '../../../runtime/cli/plain-text.ts'
import { durationToken } from '../../../runtime/describe/duration-token.ts'
import type { StoreCheck } from '../../../runtime/store/store.ts'
import { currentOf } from '../../app/list-window.ts'
import { DetailPane } from '../../kit/detail-pane.tsx'
import { emptySpans } from '../../kit/empty-list.tsx'
import { listLayout } from '../../kit/list-layout.ts'
import { ListPane } from '../../kit/list-pane.tsx'
import { type Span, span } from '../../kit/span.ts'
import type { TableColumn } from '../../kit/table-lines.ts'
import type { Tone } from '../../kit/tone.ts'
import type { ViewProps } from '../screen.ts'
import { type CheckRow, checkRows, type DoctorData, verdictText } from './rows.ts'

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

export function DoctorView(props: ViewProps<DoctorData>): ReactElement {
  const { size, look, place, windows } = props
  const { paneHeight, detailHeight } = listLayout(props)
  const current = currentOf(checkRows(props), place, 'checks')
  const width = size.columns
  return (
    <Box flexDirection="column">
      <ListPane
        title="doctor"
        note={noteOf(props)}
        columns={columns(props)}
        window={windows.checks}
        height={paneHeight}
        empty={emptySpans({ ...props, what: 'check' })}
        {...{ place, look, width }}
      />
      <DetailPane
        title={current?.id ?? 'no check'}
        height={detailHeight}
        lines={current === undefined ? [] : detailLines(current.check, width - 2)}
        {...{ look, width }}
      />
    </Box>
  )
}

function noteOf({ data, fleet }: ViewProps<DoctorData>): Span {
  if (data === undefined) return span('checking', 'dim')
  const { connection } = fleet
  const latency = connection.kind === 'live' ? `  reply in ${durationToken(connection.latencyMs)}` : ''
  return span(`${verdictText(data)}   ${data.address}   version ${data.version}${latency}`, 'dim')
}

function detailLines({ found, remedy }: StoreCheck, width: number): readonly (readonly Span[])[] {
  const texts = remedy === undefined ? [found] : [found, `to do: ${remedy}`]
  return texts.flatMap((text) => wrap(text, width)).map((line) => [span(` ${line}`)])
}
