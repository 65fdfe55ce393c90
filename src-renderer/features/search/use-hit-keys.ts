/**
 * The keys of the results. The list has the focus while the arrows move through it, so that Space, Home and End are
 * its own; whatever is typed there goes on in the search box.
 */
import type { KeyboardEvent } from 'react'
import type { SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { focusElement, resultsId, searchBoxId } from './element-ids.ts'
import { knowledgeBaseOf } from './search-slice.ts'
import { useSession } from './use-session.ts'

const pageStep = 5

export interface HitKeys {
  /** True when the key was the results'. */
  readonly inBox: (event: KeyboardEvent) => boolean
  readonly inList: (event: KeyboardEvent) => boolean
}

export function useHitKeys(sessionId: string): HitKeys {
  const setActiveHit = useApp((state) => state.setActiveHit)
  const openHit = useApp((state) => state.openHit)
  const openFile = useApp((state) => state.openFile)
  const showSource = useApp((state) => state.showSource)
  const closeSource = useApp((state) => state.closeSource)
  const showQuickLook = useApp((state) => state.showQuickLook)
  const unfoldHit = useApp((state) => state.unfoldHit)
  const foldHit = useApp((state) => state.foldHit)
  const sourceOpen = useApp((state) => state.openSource !== null)
  const { answer, activeIndex } = useSession(sessionId)
  const hits = answer?.hits ?? []
  const active = hits[activeIndex]

  const moveTo = (index: number): boolean => {
    const bounded = Math.min(Math.max(index, 0), hits.length - 1)
    const hit = hits[bounded]
    if (hit === undefined) return false
    setActiveHit(sessionId, bounded)
    focusElement(resultsId)
    // a panel that is open follows the arrows
    if (sourceOpen) void showSource(sessionId, hit)
    return true
  }

  const withActive = (act: (hit: SearchHit) => void): boolean => {
    if (active !== undefined) act(active)
    return active !== undefined
  }

  /** Keys that mean the same in both places. */
  const shared = (event: KeyboardEvent): boolean => {
    switch (event.key) {
      case 'ArrowDown':
        return moveTo(activeIndex + 1)
      case 'ArrowUp':
        return activeIndex > 0 && moveTo(activeIndex - 1)
      case 'PageDown':
        return moveTo(activeIndex + pageStep)
      case 'PageUp':
        return moveTo(activeIndex - pageStep)
      case 'Enter':
        return withActive((hit) => openHit(sessionId, hit))
      case 'Escape':
        if (sourceOpen) closeSource()
        return sourceOpen
      default:
        return false
    }
  }

  const withModifier = (event: KeyboardEvent): boolean => {
    const mod = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey
    return (
      mod &&
      event.key === 'Enter' &&
      withActive((hit) => void openFile(knowledgeBaseOf(hit, sessionId), hit.nodeId))
    )
  }

  const inList = (event: KeyboardEvent): boolean => {
    switch (event.key) {
      case 'Home':
        return moveTo(0)
      case 'End':
        return moveTo(hits.length - 1)
      case ' ':
        return withActive((hit) => void showQuickLook(sessionId, hit))
      case 'ArrowRight':
        return withActive((hit) => void unfoldHit(knowledgeBaseOf(hit, sessionId), hit))
      case 'ArrowLeft':
        return withActive((hit) => foldHit(hit.nodeId))
      case 'ArrowUp':
        return shared(event) || focusElement(searchBoxId)
      case 'Escape':
        return shared(event) || focusElement(searchBoxId)
    }
    if (shared(event)) return true
    // the box has the focus before the character is entered, and so takes it
    if (event.key.length === 1 || event.key === 'Backspace') focusElement(searchBoxId)
    return false
  }

  const unlessComposing =
    (take: (event: KeyboardEvent) => boolean) =>
    (event: KeyboardEvent): boolean => {
      // an input method uses these keys for its own list
      if (event.nativeEvent.isComposing) return false
      if (event.ctrlKey || event.metaKey || event.altKey) return withModifier(event)
      return take(event)
    }

  return { inBox: unlessComposing(shared), inList: unlessComposing(inList) }
}
