// SPDX-License-Identifier: Apache-2.0
import type { Tool } from '../state/session_state'
import { useSession, useSessionState } from '../state/react'
import { commandKey, tools } from './commands'
import { IconButton } from './controls'
import { actionText } from './describe'
import {
  BackgroundIcon,
  BoxIcon,
  BrushIcon,
  EraserIcon,
  LassoIcon,
  PanIcon,
  PointIcon,
  RedoIcon,
  SelectIcon,
  UndoIcon,
  WindowIcon,
} from './icons'
import { moveFocus } from './use_roving'

const icons: Record<Tool, typeof SelectIcon> = {
  select: SelectIcon,
  point: PointIcon,
  background: BackgroundIcon,
  box: BoxIcon,
  brush: BrushIcon,
  eraser: EraserIcon,
  lasso: LassoIcon,
  pan: PanIcon,
  window: WindowIcon,
}
const groups: readonly (readonly Tool[])[] = [
  ['select'],
  ['point', 'background', 'box'],
  ['brush', 'eraser', 'lasso'],
  ['pan', 'window'],
]

export function ToolRail() {
  const session = useSession()
  const active = useSessionState((state) => state.tool)
  const undo = useSessionState((state) => state.undo)
  const redo = useSessionState((state) => state.redo)
  return (
    <div
      className="rail"
      role="toolbar"
      aria-label="Tools"
      aria-orientation="vertical"
      onKeyDown={(event) => moveFocus(event, 'button:not(:disabled)')}
    >
      {groups.map((group) => (
        <div className="rail-group" key={group[0]}>
          {group.map((tool) => {
            const { title, key, hint } = tools.find((one) => one.tool === tool)!
            return (
              <div className={`rail-tool ${tool}`} key={tool} title={`${title} (${key}): ${hint}`}>
                <button
                  type="button"
                  className="icon-button"
                  aria-label={title}
                  aria-keyshortcuts={key}
                  aria-pressed={active === tool}
                  onClick={() => session.display.setTool(tool)}
                >
                  {icon(tool)}
                  <span className="key" aria-hidden="true">
                    {key}
                  </span>
                </button>
              </div>
            )
          })}
        </div>
      ))}
      <span className="grow" />
      <div className="rail-group">
        <IconButton
          icon={UndoIcon}
          label={undo ? `Undo: ${actionText(undo)}` : 'Nothing to undo'}
          shortcut={commandKey('Undo')}
          disabled={undo === null}
          onClick={() => void session.editing.undo()}
        />
        <IconButton
          icon={RedoIcon}
          label={redo ? `Redo: ${actionText(redo)}` : 'Nothing to redo'}
          shortcut={commandKey('Redo')}
          disabled={redo === null}
          onClick={() => void session.editing.redo()}
        />
      </div>
    </div>
  )
}

function icon(tool: Tool) {
  const Icon = icons[tool]
  return <Icon />
}
