// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState, type CSSProperties, type ReactNode } from 'react'

const chunkRows = 100

interface Rows<T> {
  items: readonly T[]
  row: (item: T, at: number) => ReactNode
  isNeeded: (item: T) => boolean // wherever it is: it is to be scrolled to
}

// The rows of a list that are near the view, besides the first, the last and those that are needed: with thousands of
// objects, every row would listen to every change of the session. Rows are of one height, which the style sheet says.
export function LongList<T>({ items, row, isNeeded }: Rows<T>) {
  const chunks = Array.from({ length: Math.ceil(items.length / chunkRows) }, (_, i) => i * chunkRows)
  return chunks.map((begin) => {
    const rows = items.slice(begin, begin + chunkRows)
    const isEnd = begin === 0 || begin + chunkRows >= items.length
    return (
      <Chunk key={begin} rows={rows.length} keep={isEnd || rows.some(isNeeded)}>
        {() => rows.map((item, i) => row(item, begin + i))}
      </Chunk>
    )
  })
}

function Chunk({ rows, keep, children }: { rows: number; keep: boolean; children: () => ReactNode }) {
  const place = useRef<HTMLLIElement>(null)
  const [isNear, setNear] = useState(false)
  useEffect(() => {
    const options = { root: place.current!.closest('.object-lists'), rootMargin: '100%' }
    const watch = new IntersectionObserver((entries) => setNear(entries.at(-1)!.isIntersecting), options)
    watch.observe(place.current!)
    return () => watch.disconnect()
  }, [])
  return (
    <li ref={place} role="none" className="chunk" style={{ '--rows': rows } as CSSProperties}>
      <ul role="none">{(keep || isNear) && children()}</ul>
    </li>
  )
}
