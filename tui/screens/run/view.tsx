import { Box } from 'ink'
import type { ReactElement } from 'react'
import { wrap } from '../../../runtime/cli/plain-text.ts'
import { DocumentView } from '../../kit/document-view.tsx'
import { EmptyList } from '../../kit/empty-list.tsx'
import { Lines } from '../../kit/lines.tsx'
import { Pane } from '../../kit/pane.tsx'
import { type Span, span } from '../../kit/span.ts'
import type { ListWindow, ViewProps } from '../screen.ts'
import { headLines } from './head.ts'
import { type RunLayout, runLayout } from './layout.ts'
import type { KnownRun, RunData, UnknownRun } from './run-data.ts'
import { runTabs, shownTab, tabKeys } from './tabs.ts'
import { waterfallLines } from './waterfall-lines.ts'

export function RunView(props: ViewProps<RunData>): ReactElement {
  const { data, size, look, place } = props
  if (data?.kind === 'known') return <Known {...props} run={data} />
  return (
    <Pane title={`run ${place.subject ?? ''}`} width={size.columns} height={size.rows} look={look}>
      {data === undefined || props.problem !== undefined ? (
        <EmptyList {...props} data={undefined} what="run" />
      ) : (
        <Unknown data={data} width={size.columns} />
      )}
    </Pane>
  )
}

function Unknown({ data, width }: { readonly data: UnknownRun; readonly width: number }): ReactElement {
  const next = 'esc goes back; 2 lists the runs that are there'
  const sentences = data.sentences.flatMap((text) => wrap(text, width - 2))
  return (
    <Lines
      lines={[...sentences.map((text) => [span(` ${text}`)]), [span(` ${next}`, 'dim')]]}
      width={width}
    />
  )
}

interface KnownProps extends ViewProps<RunData> {
  readonly run: KnownRun
}

function Known(props: KnownProps): ReactElement {
  const { size, look, windows, run } = props
  const layout = runLayout(props)
  return (
    <Box flexDirection="column" width={size.columns} height={size.rows}>
      <Pane
        title={`${run.run.job} v${run.run.version}`}
        note={headNote(props)}
        width={size.columns}
        height={layout.headHeight}
        look={look}
      >
        <Lines lines={headLines(run, props)} width={size.columns} />
      </Pane>
      {windows.steps === undefined || layout.stepsHeight === 0 ? null : (
        <Steps {...props} layout={layout} window={windows.steps} />
      )}
      {windows.detail === undefined || layout.detailHeight === 0 ? null : (
        <Detail {...props} layout={layout} window={windows.detail} />
      )}
    </Box>
  )
}

function headNote({ run, problem }: KnownProps): Span {
  return problem === undefined ? span(run.run.id, 'dim') : span(`${run.run.id}  ${problem}`, 'bad')
}

interface PartProps extends KnownProps {
  readonly layout: RunLayout
  readonly window: ListWindow
}

function Steps(props: PartProps): ReactElement {
  const { size, look, layout, window, run } = props
  return (
    <Pane
      title="steps"
      note={span(stepsNote(props), 'dim')}
      width={size.columns}
      height={layout.stepsHeight}
      active={window.active}
      look={look}
    >
      <Lines lines={waterfallLines(run, props, window, layout.noteLines)} width={size.columns} />
    </Pane>
  )
}

function stepsNote({ run, place, window }: PartProps): string {
  const { entries, isPartial } = run.journal
  const count = Math.max(0, window.count - 1).toLocaleString('en')
  const { position } = run.run
  const read = isPartial
    ? `, read ${entries.length.toLocaleString('en')} of ${position.toLocaleString('en')} entries, continuing`
    : ''
  const clock =
    place.own.compressed === true
      ? 'long waits are drawn short (w: true clock)'
      : 'true clock (w: shorter waits)'
  return `${count}${read}  ${clock}`
}

function Detail(props: PartProps): ReactElement {
  const { size, look, layout, window, place, data } = props
  const tab = shownTab(place, data)
  const others = runTabs.filter((name) => name !== tab).map((name) => `${tabKeys[name]} ${name}`)
  const position =
    window.count > layout.detailLines ? `${window.first + window.line + 1}/${window.count}  ` : ''
  return (
    <Pane
      title={tab}
      note={span(position + others.join('  '), 'dim')}
      width={size.columns}
      height={layout.detailHeight}
      active={window.active}
      look={look}
    >
      <DocumentView window={window} look={look} width={size.columns} />
    </Pane>
  )
}
