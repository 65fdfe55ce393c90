/** A document's text with the node marked and in view. Very long documents are drawn around the node, more on demand. */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { NodeSource } from '#contract'
import { Button } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { MarkedText } from './marked-text.tsx'
import { findWords, mergeRanges, queryWords } from './query-words.ts'

interface SourceTextProps {
  readonly source: NodeSource
  readonly query: string
}

/** UTF-16 code units drawn at once on either side of the node. */
const aroundLength = 40_000

export function SourceText({ source, query }: SourceTextProps) {
  const { text, start, end } = source
  const [before, setBefore] = useState(aroundLength)
  const [after, setAfter] = useState(aroundLength)
  const passage = useRef<HTMLDivElement>(null)
  const marks = useMemo(
    () => mergeRanges(findWords(text.slice(start, end), queryWords(query))),
    [text, start, end, query],
  )

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
    <div className={classNames('source-text', isPreformatted(source) && 'source-text-mono')}>
      {from > 0 && <Button onClick={() => setBefore(before + aroundLength)}>Show more before</Button>}
      <span>{text.slice(from, start).replace(/\n\s*$/, '')}</span>
      <div className="source-passage" ref={passage} role="note" aria-label="The passage that was found">
        <MarkedText text={text.slice(start, end)} marks={marks} />
      </div>
      <span>{text.slice(end, to).replace(/^\s*\n/, '')}</span>
      {to < text.length && <Button onClick={() => setAfter(after + aroundLength)}>Show more after</Button>}
    </div>
  )
}

/** Plain text may hold tables and drawings that only a fixed pitch keeps in shape. */
function isPreformatted({ path }: NodeSource): boolean {
  return path !== null && /\.(txt|log|csv|tsv|rst|text)$/i.test(path)
}
