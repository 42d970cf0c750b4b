// SPDX-License-Identifier: Apache-2.0
import { useMemo, useRef } from 'react'
import { keyOf } from '../commands'
import { useSession, useSessionState } from '../state/react'
import { samePlane } from '../state/slices'
import type { ImageObject } from '../wire/types'
import { Collapsible, IconButton } from './controls'
import { CheckIcon, EyeIcon, EyeOffIcon, TrashIcon } from '../icons'
import { LongList } from './long_list'
import { ObjectRow, type Click } from './object_row'
import { SelectionBar } from './selection_bar'
import { moveFocus } from './use_roving'

export function ObjectsPanel() {
  const objects = useSessionState((state) => state.objects)
  const { approved, proposed } = useMemo(() => {
    const all = [...objects.values()].sort((a, b) => a.id - b.id)
    return {
      approved: all.filter(({ state }) => state === 'approved'),
      proposed: all.filter(({ state }) => state === 'proposed'),
    }
  }, [objects])
  return (
    <Collapsible section="objects" title="Objects" count={objects.size}>
      <SelectionBar />
      <div className="object-lists">
        <ObjectList title="Approved" objects={approved} />
        {proposed.length > 0 && <ObjectList title="Proposed" objects={proposed} />}
        {objects.size === 0 && (
          <p className="empty">
            Nothing yet. Click what you look for with <kbd>{keyOf('point')}</kbd>, draw a box around it with{' '}
            <kbd>{keyOf('box')}</kbd>, or let <kbd>{keyOf('everything')}</kbd> propose everything.
          </p>
        )}
      </div>
    </Collapsible>
  )
}

// How many of the proposals are in view; null: all are.
function useWhereabouts(objects: readonly ImageObject[]): string | null {
  const plane = useSessionState((state) => state.plane)
  const here = objects.filter((object) => samePlane(object.plane, plane)).length
  return here === objects.length ? null : `${here} on this slice, ${objects.length - here} on others`
}

function ObjectList({ title, objects }: { title: string; objects: readonly ImageObject[] }) {
  const session = useSession()
  const selected = useSessionState((state) => state.selected)
  const made = useSessionState((state) => state.made?.object)
  const hidden = useSessionState((state) => state.hidden)
  const proposal = useSessionState((state) => state.proposal)
  const whereabouts = useWhereabouts(objects)
  const anchor = useRef<number | null>(null)
  if (objects.length === 0) return null
  const ids = objects.map(({ id }) => id)
  const allHidden = ids.every((id) => hidden.has(id))

  const click = (id: number, how: Click) => {
    const from = how === 'range' && anchor.current !== null ? ids.indexOf(anchor.current) : -1
    if (from >= 0) {
      const to = ids.indexOf(id)
      session.objects.select(ids.slice(Math.min(from, to), Math.max(from, to) + 1), 'only')
      return
    }
    anchor.current = id
    if (how === 'only') session.objects.open(id)
    else session.objects.select([id], 'toggle')
  }
  return (
    <section className="object-list" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span className="muted tabular">{objects.length}</span>
        {title === 'Proposed' && whereabouts && <span className="muted whereabouts">{whereabouts}</span>}
        <span className="grow" />
        {title === 'Proposed' && (
          <>
            <IconButton
              icon={CheckIcon}
              label="Approve all proposals"
              onClick={() => void session.objects.approve(ids)}
            />
            <IconButton
              icon={TrashIcon}
              label="Delete all proposals"
              onClick={() => void session.objects.remove(ids)}
            />
          </>
        )}
        <IconButton
          icon={allHidden ? EyeOffIcon : EyeIcon}
          label={allHidden ? `Show all: ${title}` : `Hide all: ${title}`}
          onClick={() => session.display.setHidden(ids, allHidden ? 'shown' : 'hidden')}
        />
      </header>
      <ul
        role="listbox"
        aria-label={`${title} objects`}
        aria-multiselectable="true"
        onKeyDown={(event) => moveFocus(event, '[role=option]')}
      >
        <LongList
          items={objects}
          isNeeded={({ id }) => id === made || (selected.size === 1 && selected.has(id))}
          row={(object, at) => (
            <ObjectRow
              key={object.id}
              object={object}
              selected={selected.has(object.id)}
              hidden={hidden.has(object.id)}
              open={proposal === object.id}
              reachable={selected.size > 0 ? selected.has(object.id) : at === 0}
              onClick={click}
            />
          )}
        />
      </ul>
    </section>
  )
}
