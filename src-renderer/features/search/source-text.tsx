/** A document's text with the node marked and in view. Very long documents are drawn around the node, more on the way. */
import { useEffect, useRef, useState, type ClipboardEvent } from 'react'
import type { NodeSource, SearchHit } from '#contract'
import { classNames } from '../../ui/class-names.ts'
import { citationOf, withCitation } from './citation.ts'
import { MarkedText } from './marked-text.tsx'

interface SourceTextProps {
  readonly hit: SearchHit
  readonly source: NodeSource
}

/** UTF-16 code units drawn on either side of the node, and added when one comes near their end. */
const aroundLength = 40_000

export function SourceText({ hit, source }: SourceTextProps) {
  const { text, start, end } = source
  const [before, setBefore] = useState(aroundLength)
  const [after, setAfter] = useState(aroundLength)
  const passage = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const element = passage.current
    const scroller = element?.closest('.source-body')
    if (!element || !scroller) return
    const above = element.getBoundingClientRect().top - scroller.getBoundingClientRect().top
    scroller.scrollTop += above - scroller.clientHeight * 0.12
  }, [])

  const from = Math.max(0, start - before)
  const to = Math.min(text.length, end + after)
  return (
    <div
      className={classNames('source-text', isPreformatted(source) && 'source-text-mono')}
      onCopy={(event) => citeSelection(event, hit, source)}
    >
      {from > 0 && <MoreText key={from} onNear={() => setBefore(before + aroundLength)} />}
      <span>{text.slice(from, start).replace(/\n\s*$/, '')}</span>
      <div className="source-passage" ref={passage} role="note" aria-label="The passage that was found">
        <MarkedText text={text.slice(start, end)} marks={hit.matches} />
      </div>
      <span>{text.slice(end, to).replace(/^\s*\n/, '')}</span>
      {to < text.length && <MoreText key={to} onNear={() => setAfter(after + aroundLength)} />}
    </div>
  )
}

/** Stands where drawn text ends, and tells when it is about to come into view. */
function MoreText({ onNear }: { readonly onNear: () => void }) {
  const element = useRef<HTMLDivElement>(null)
  const near = useRef(onNear)
  useEffect(() => {
    near.current = onNear
  }, [onNear])
  useEffect(() => {
    if (element.current === null) return undefined
    const root = element.current.closest('.source-body')
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) near.current()
      },
      { root, rootMargin: '1200px' },
    )
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return <div ref={element} className="source-more" />
}

/** What is selected and copied takes along where it is from. */
function citeSelection(event: ClipboardEvent, hit: SearchHit, source: NodeSource): void {
  const selected = document.getSelection()?.toString() ?? ''
  if (selected.trim() === '') return
  event.preventDefault()
  event.clipboardData.setData('text/plain', withCitation(selected, citationOf(hit, source)))
}

/** Plain text may hold tables and drawings that only a fixed pitch keeps in shape. */
function isPreformatted({ path }: NodeSource): boolean {
  return path !== null && /\.(txt|log|csv|tsv|rst|text)$/i.test(path)
}
