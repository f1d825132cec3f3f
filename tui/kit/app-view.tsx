import { Box, useApp } from 'ink'
import { type ReactElement, useEffect, useSyncExternalStore } from 'react'
import type { App } from '../app/app.ts'
import type { AppState } from '../app/app-state.ts'
import type { AppDeps } from '../app/deps.ts'
import { bodySize, inputOf, isTooSmall, shownScreen, windowsOf } from '../app/shown.ts'
import { troubleLines } from '../app/trouble-lines.ts'
import type { Suspension } from '../terminal/suspension.ts'
import { keysLine, messageLine } from './foot-lines.ts'
import { screensLine, statusLine } from './head-lines.ts'
import { Input } from './input.tsx'
import { overlayOf } from './overlay-lines.ts'
import { Pane } from './pane.tsx'
import { fitSpans, span } from './span.ts'
import { AsciiAlone, Spans } from './spans.tsx'

interface AppViewProps {
  readonly app: App
  readonly deps: AppDeps
  readonly suspension: Suspension
}

/** The one component that listens to the app. */
export function AppView({ app, deps, suspension }: AppViewProps): ReactElement {
  const state = useSyncExternalStore(app.subscribe, app.state)
  const { suspendTerminal } = useApp()
  useEffect(() => suspension.attach(suspendTerminal), [suspension, suspendTerminal])
  return (
    <>
      <Input app={app} />
      <FrameView state={state} deps={deps} />
    </>
  )
}

/** The whole screen of a state. */
export function FrameView({ state, deps }: FrameProps): ReactElement {
  return (
    <AsciiAlone value={state.environment.look.ascii}>
      {isTooSmall(state.size) ? <TooSmall state={state} /> : <Frame state={state} deps={deps} />}
    </AsciiAlone>
  )
}

interface FrameProps {
  readonly state: AppState
  readonly deps: AppDeps
}

function Frame({ state, deps }: FrameProps): ReactElement {
  const { columns, rows } = state.size
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Spans spans={statusLine(state, deps.screens)} />
      <Spans spans={screensLine(state, deps.screens)} />
      <Body state={state} deps={deps} />
      {troubleLines(state).map((line) => (
        <Spans key={line} spans={fitSpans([span(line, 'bad')], columns)} />
      ))}
      <Spans spans={messageLine(state, deps)} />
      <Spans spans={keysLine(state, deps)} />
    </Box>
  )
}

function Body({ state, deps }: FrameProps): ReactElement {
  const { columns, rows } = bodySize(state)
  const overlay = overlayOf(state, deps)
  const over = overlay === undefined ? 0 : overlay.whole ? rows : Math.min(rows, overlay.lines.length + 1)
  return (
    <Box flexDirection="column" width={columns} height={rows} flexShrink={0} overflow="hidden">
      <Box flexDirection="column" height={rows - over} flexShrink={0} overflow="hidden">
        {/* It is laid out for the whole body: what is under the overlay is cut, not squeezed. */}
        <Box flexDirection="column" height={rows} flexShrink={0}>
          {over < rows ? <ScreenView state={state} deps={deps} /> : null}
        </Box>
      </Box>
      {overlay === undefined ? null : (
        <Pane
          title={overlay.title}
          width={columns}
          height={over}
          look={state.environment.look}
          active={!overlay.whole}
        >
          {overlay.lines.map((spans, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity but its place
            <Spans key={i} spans={fitSpans(spans, columns)} />
          ))}
        </Pane>
      )}
    </Box>
  )
}

function ScreenView({ state, deps }: FrameProps): ReactElement {
  const screen = shownScreen(state, deps.screens)
  const input = inputOf(state)
  return <screen.View {...input} windows={windowsOf(screen, input)} />
}

function TooSmall({ state }: { readonly state: AppState }): ReactElement {
  const { columns, rows } = state.size
  const text = `too small: ${columns}x${rows}, needs 40x10`
  return (
    <Box width={columns} height={rows} overflow="hidden">
      <Spans spans={fitSpans([span(text, 'warn')], columns)} />
    </Box>
  )
}
