/** The system's own way of copying, key or menu, takes the hit with its citation where no text is selected. */
import type { ClipboardEvent } from 'react'
import type { SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { citationOf, withCitation } from './citation.ts'

export function useHitCopy(hit: SearchHit | undefined): (event: ClipboardEvent) => void {
  const notify = useApp((state) => state.notify)
  return (event) => {
    if (hit === undefined || event.defaultPrevented || isSelected(event.target)) return
    event.preventDefault()
    event.clipboardData.setData('text/plain', withCitation(hit.text, citationOf(hit)))
    notify('done', 'Copied with its source')
  }
}

function isSelected(target: EventTarget): boolean {
  if (target instanceof HTMLInputElement) return target.selectionStart !== target.selectionEnd
  return (document.getSelection()?.toString() ?? '') !== ''
}
