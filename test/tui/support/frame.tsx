import { renderToString } from 'ink'
import type { AppState } from '../../../tui/app/app-state.ts'
import { FrameView } from '../../../tui/kit/app-view.tsx'
import type { Size } from '../../../tui/screens/screen.ts'
import { deps } from './given.ts'

/** The frame of a state, line by line. */
export function frameOf(state: AppState): readonly string[] {
  const { columns } = state.size
  return renderToString(<FrameView state={state} deps={deps} />, { columns })
    .split('\n')
    .map((line) => line.trimEnd())
}

/** The terminals that frames are looked at in. */
export const sizes: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 30 },
  { columns: 160, rows: 45 },
]
