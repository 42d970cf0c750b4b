// SPDX-License-Identifier: Apache-2.0
import { useSessionState } from '../state/react'
import { commands, gestures, type Command } from './commands'
import { Keys, Modal } from './controls'

const groups: readonly Command['group'][] = ['Tools', 'Prompts', 'Objects', 'View', 'Images', 'Project']

// Every key and gesture, out of the same table that handles the keys.
export function HelpSheet({ onClose }: { onClose: () => void }) {
  const labels = useSessionState(({ project }) => project?.labels)
  const shortcuts = labels?.filter(({ shortcut }) => shortcut) ?? []
  return (
    <Modal title="Keys and gestures" className="help" onClose={onClose}>
      <div className="help-scroll" tabIndex={0} role="region" aria-label="List of keys">
        <div className="help-columns">
          {groups.map((group) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>
                {commands
                  .filter((command) => command.group === group)
                  .map(({ title, keys }) => (
                    <div key={title}>
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
