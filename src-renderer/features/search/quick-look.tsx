/** A quick look at a hit's whole document, over the results: arrows go on to the next hit, Space and Escape close. */
import { ExternalLink, PanelRight } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { placeOf, titleOf } from './hit-facts.ts'
import './quick-look.css'
import { SourceBody } from './source-body.tsx'
import type { OpenSource } from './source-slice.ts'
import { useHitCopy } from './use-hit-copy.ts'
import { useSession } from './use-session.ts'

export function QuickLook() {
  const open = useApp((state) => state.quickLook)
  return open === null ? null : <QuickLookDialog open={open} />
}

function QuickLookDialog({ open }: { readonly open: OpenSource }) {
  const { sessionId, knowledgeBaseId, hit, source } = open
  const closeQuickLook = useApp((state) => state.closeQuickLook)
  const showQuickLook = useApp((state) => state.showQuickLook)
  const showSource = useApp((state) => state.showSource)
  const setActiveHit = useApp((state) => state.setActiveHit)
  const openFile = useApp((state) => state.openFile)
  const onCopy = useHitCopy(hit)
  const canOpenFiles = useApp((state) => state.appInfo?.canOpenFiles === true)
  const { answer, activeIndex } = useSession(sessionId)
  const hits = answer?.hits ?? []
  const path = source?.path ?? hit.source
  const place = placeOf(hit, source)

  const step = (by: number): void => {
    const next = hits[activeIndex + by]
    if (next === undefined) return
    setActiveHit(sessionId, activeIndex + by)
    void showQuickLook(sessionId, next)
  }
  const read = (): void => {
    closeQuickLook()
    void showSource(sessionId, hit)
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    const onButton = event.target instanceof HTMLButtonElement
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'ArrowDown') step(1)
    else if (event.key === 'ArrowUp') step(-1)
    else if (event.key === ' ' && !onButton) closeQuickLook()
    else if (event.key === 'Enter' && !onButton) read()
    else return
    event.preventDefault()
  }

  return (
    <Dialog
      large
      title={titleOf(hit)}
      onClose={closeQuickLook}
      actions={
        <>
          <span className="quick-look-place" aria-live="polite">
            {activeIndex + 1} of {hits.length}
          </span>
          <span className="spring" />
          {canOpenFiles && path !== null && (
            <Button
              icon={ExternalLink}
              disabled={source?.fileExists === false}
              onClick={() => void openFile(knowledgeBaseId, hit.nodeId)}
            >
              Open file
            </Button>
          )}
          <Button icon={PanelRight} onClick={read}>
            Read beside the results
          </Button>
        </>
      }
    >
      <div className="quick-look" onKeyDown={onKeyDown} onCopy={onCopy}>
        <p className="quick-look-where">
          {path !== null && <PathText path={path} />}
          {place !== null && <span>{place}</span>}
        </p>
        <SourceBody open={open} ref={takeFocus} />
      </div>
    </Dialog>
  )
}

/** A dialog that opens puts the focus where it finds the attribute; the next hit's text takes it by itself. */
function takeFocus(element: HTMLElement | null): void {
  element?.setAttribute('autofocus', '')
  element?.focus()
}
