// SPDX-License-Identifier: Apache-2.0
import { useSessionState } from '../state/react'
import { commandGroups, commandOf } from '../commands'
import type { Command } from '../commands/command'
import { Keys, Modal } from './controls'

// What the mouse and the pen do on the picture (viewer/pointer.ts, viewer/tools).
const gestures: readonly { gesture: string; does: string }[] = [
  { gesture: 'Click', does: 'what the tool does' },
  { gesture: 'Right button, or Ctrl or Alt', does: 'the tool the other way: point outside, erase' },
  { gesture: 'Shift + click with a point', does: 'pick the object there' },
  { gesture: 'Click with Select on a proposal', does: 'keep it with the active label' },
  { gesture: 'Shift or Ctrl + click with Select', does: 'select several' },
  { gesture: 'Wheel', does: 'slices of a volume, zoom of a picture' },
  { gesture: 'Ctrl + wheel, pinch', does: 'zoom' },
  { gesture: 'Middle button, or Space + drag', does: 'pan' },
  { gesture: 'Shift + right button', does: 'window: across for the width, up and down for the centre' },
  { gesture: 'Other end of the pen', does: 'erase' },
]

// Every key and gesture, out of the tables that handle the keys.
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const labels = useSessionState(({ project }) => project?.labels)
  const shortcuts = labels?.filter(({ shortcut }) => shortcut) ?? []
  return (
    <Modal title={commandOf('help').title} className="help" onClose={onClose}>
      <div className="help-scroll" tabIndex={0} role="region" aria-label="List of keys">
        <div className="help-columns">
          {Object.entries<readonly Command[]>(commandGroups).map(([group, commands]) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {commands
                  .filter(({ keys }) => keys.length > 0)
                  .map(({ id, title, keys }) => (
                    <div key={id}>
                      <dt>
                        <Keys keys={keys} />
                      </dt>
                      <dd>{title}</dd>
                    </div>
                  ))}
              </dl>
            </section>
          ))}
          <section>
            <h3>Labels</h3>
            <dl>
              {shortcuts.map(({ id, name, shortcut }) => (
                <div key={id}>
                  <dt>
                    <Keys keys={[shortcut.toUpperCase()]} />
                  </dt>
                  <dd>{name}</dd>
                </div>
              ))}
            </dl>
            <p className="muted">
              Makes a label the active one, and gives it to the approved objects that are selected.
            </p>
          </section>
          <section>
            <h3>Mouse and pen</h3>
            <dl className="gestures">
              {gestures.map(({ gesture, does }) => (
                <div key={gesture}>
                  <dt>{gesture}</dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        </div>
      </div>
    </Modal>
  )
}
