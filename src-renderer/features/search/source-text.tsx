/** A document's text with the node marked and in view. Very long documents are drawn around the node, more on the way. */
import { useEffect, useRef, useState, type ClipboardEvent } from 'react'
import type { NodeSource, SearchHit } from '#contract'
import { classNames } from '../../ui/class-names.ts'
import { citationOf, withCitation } from './citation.ts'
import { MarkedText } from './marked-text.tsx'
import { tellingMatches } from './telling-matches.ts'

interface SourceTextProps {
  readonly hit: SearchHit
  readonly source: NodeSource
}

/** UTF-16 code units drawn on either side of the node, and added when one comes near their end. */
const aroundLength = 40_000

export function SourceText({ hit, source }: SourceTextProps) {
  const { text, start, end, pages } = source
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
      <PagedText text={text.slice(0, start).replace(/\n\s*$/, '')} from={from} pages={pages} />
      <div className="source-passage" ref={passage} role="note" aria-label="The passage that was found">
        <MarkedText text={text.slice(start, end)} marks={tellingMatches(hit)} />
      </div>
      <PagedText
        text={text.slice(0, to)}
        from={end + (/^\s*\n/.exec(text.slice(end, to))?.[0].length ?? 0)}
        pages={pages}
      />
      {to < text.length && <MoreText key={to} onNear={() => setAfter(after + aroundLength)} />}
    </div>
  )
}

interface PagedTextProps {
  readonly text: string
  /** Where it begins to be drawn. */
  readonly from: number
  readonly pages: NodeSource['pages']
}

/** Text with a line where a page of its file begins; the page that a passage begins with stands in its heading. */
function PagedText({ text, from, pages }: PagedTextProps) {
  const begun = pages.filter(({ start }) => start >= from && start < text.length)
  const pieces = [<span key="first">{text.slice(from, begun[0]?.start ?? text.length)}</span>]
  begun.forEach(({ label, start }, index) => {
    pieces.push(
      <div key={start} className="source-page-mark">
        page {label}
      </div>,
      <span key={`text ${start}`}>
        {text.slice(start, begun[index + 1]?.start ?? text.length).trimEnd()}
      </span>,
    )
  })
  return pieces
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
