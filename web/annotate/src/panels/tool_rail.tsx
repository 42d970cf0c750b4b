// SPDX-License-Identifier: Apache-2.0
import { useSession, useSessionState } from '../state/react'
import { toolGroups } from '../viewer/tools'
import { CommandButton } from './command_button'
import { moveFocus } from './use_roving'

export function ToolRail() {
  const session = useSession()
  const active = useSessionState((state) => state.tool)
  return (
    <div
      className="rail"
      role="toolbar"
      aria-label="Tools"
      aria-orientation="vertical"
      onKeyDown={(event) => moveFocus(event, 'button:not(:disabled)')}
    >
      {toolGroups.map((group) => (
        <div className="rail-group" key={group[0].id}>
          {group.map(({ id, title, key, hint, icon: Icon }) => (
            <div className={`rail-tool ${id}`} key={id} title={`${title} (${key}): ${hint}`}>
              <button
                type="button"
                className="icon-button"
                aria-label={title}
                aria-keyshortcuts={key}
                aria-pressed={active === id}
                onClick={() => session.display.setTool(id)}
              >
                <Icon />
                <span className="key" aria-hidden="true">
                  {key}
                </span>
              </button>
            </div>
          ))}
        </div>
      ))}
      <span className="grow" />
      <div className="rail-group">
        <CommandButton id="undo" />
        <CommandButton id="redo" />
      </div>
    </div>
  )
}
