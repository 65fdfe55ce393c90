/** The keys of the results, which work in the search box and in the list alike. True when a key was theirs. */
import type { KeyboardEvent } from 'react'
import { useApp } from '../../store/use-app.ts'
import { useSession } from './use-session.ts'

const pageStep = 5

export function useHitKeys(knowledgeBaseId: string): (event: KeyboardEvent) => boolean {
  const setActiveHit = useApp((state) => state.setActiveHit)
  const showSource = useApp((state) => state.showSource)
  const closeSource = useApp((state) => state.closeSource)
  const sourceOpen = useApp((state) => state.openSource !== null)
  const { answer, answeredQuery, activeIndex } = useSession(knowledgeBaseId)
  const hits = answer?.hits ?? []

  const moveTo = (index: number): boolean => {
    const bounded = Math.min(Math.max(index, 0), hits.length - 1)
    const hit = hits[bounded]
    if (hit === undefined) return false
    setActiveHit(knowledgeBaseId, bounded)
    // a panel that is open follows the arrows
    if (sourceOpen) void showSource(knowledgeBaseId, hit, answeredQuery)
    return true
  }

  return (event) => {
    // an input method uses these keys for its own list
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false
    switch (event.key) {
      case 'ArrowDown':
        return moveTo(activeIndex + 1)
      case 'ArrowUp':
        return moveTo(activeIndex - 1)
      case 'PageDown':
        return moveTo(activeIndex + pageStep)
      case 'PageUp':
        return moveTo(activeIndex - pageStep)
      case 'Enter': {
        const hit = hits[activeIndex]
        if (hit !== undefined) void showSource(knowledgeBaseId, hit, answeredQuery)
        return hit !== undefined
      }
      case 'Escape':
        if (sourceOpen) closeSource()
        return sourceOpen
      default:
        return false
    }
  }
}
