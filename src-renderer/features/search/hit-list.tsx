/** The list of results; only those on screen are drawn. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'react'
import type { KnowledgeBase, SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { hitElementId, resultsId } from './element-ids.ts'
import { HitRow } from './hit-row.tsx'
import { queryWords } from './query-words.ts'
import { useHitCopy } from './use-hit-copy.ts'
import { useHitKeys } from './use-hit-keys.ts'
import { useSession } from './use-session.ts'

interface HitListProps {
  readonly knowledgeBase: KnowledgeBase
  readonly hits: readonly SearchHit[]
  /** The query that these hits answer. */
  readonly query: string
}

const estimatedRowHeight = 112

export function HitList({ knowledgeBase, hits, query }: HitListProps) {
  const { id, sources } = knowledgeBase
  const scroller = useRef<HTMLDivElement>(null)
  const setActiveHit = useApp((state) => state.setActiveHit)
  const showSource = useApp((state) => state.showSource)
  const focusSearch = useApp((state) => state.focusSearch)
  const { inList } = useHitKeys(id)
  const { activeIndex } = useSession(id)
  const onCopy = useHitCopy(hits[activeIndex])
  const words = useMemo(() => queryWords(query), [query])
  const virtualizer = useVirtualizer({
    count: hits.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => estimatedRowHeight,
    getItemKey: (index) => hits[index]?.nodeId ?? index,
    paddingEnd: 12,
    overscan: 4,
  })

  useEffect(() => {
    // a new answer is read from its best hit on
    virtualizer.scrollToOffset(0)
  }, [query, virtualizer])

  useEffect(() => {
    if (activeIndex >= 0) virtualizer.scrollToIndex(activeIndex, { align: 'auto' })
  }, [activeIndex, virtualizer])

  useLayoutEffect(() => {
    const list = scroller.current
    return () => {
      // an answer without hits takes the list away: the keys then are the box's
      if (list !== null && document.activeElement === list) focusSearch()
    }
  }, [focusSearch])

  return (
    <div
      className="hit-scroller"
      ref={scroller}
      id={resultsId}
      role="listbox"
      tabIndex={0}
      aria-label="Results"
      aria-activedescendant={activeIndex < 0 ? undefined : hitElementId(activeIndex)}
      onKeyDown={(event) => {
        if (inList(event)) event.preventDefault()
      }}
      onCopy={onCopy}
    >
      <div className="hit-list" role="presentation" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((row) => {
          const hit = hits[row.index]
          return (
            hit !== undefined && (
              <HitRow
                key={row.key}
                ref={virtualizer.measureElement}
                hit={hit}
                index={row.index}
                count={hits.length}
                top={row.start}
                active={row.index === activeIndex}
                words={words}
                sources={sources}
                onOpen={() => {
                  setActiveHit(id, row.index)
                  void showSource(id, hit)
                }}
              />
            )
          )
        })}
      </div>
    </div>
  )
}
