/** One result: the passage with the query's words marked, the file it is from, and its score. */
import { FileCode2, FileText, FileType2, type LucideIcon } from 'lucide-react'
import { memo, useMemo, type Ref } from 'react'
import type { SearchHit } from '#contract'
import { classNames } from '../../ui/class-names.ts'
import { folderBelow } from '../../ui/paths.ts'
import { hitElementId } from './element-ids.ts'
import { pageLabel, titleOf } from './hit-facts.ts'
import { MarkedText } from './marked-text.tsx'
import { ScoreBar } from './score-bar.tsx'
import { makeSnippet } from './snippet.ts'

interface HitRowProps {
  readonly ref: Ref<HTMLDivElement>
  readonly hit: SearchHit
  readonly index: number
  readonly count: number
  /** Pixels from the list's top. */
  readonly top: number
  readonly active: boolean
  readonly words: readonly string[]
  /** The folders that were indexed: paths are shown below them. */
  readonly sources: readonly string[]
  readonly onOpen: () => void
}

/** UTF-16 code units: three lines at the list's full width. */
const snippetLength = 340

export const HitRow = memo(function HitRow(props: HitRowProps) {
  const { ref, hit, index, count, top, active, words, sources, onOpen } = props
  const snippet = useMemo(() => makeSnippet(hit.text, words, snippetLength), [hit.text, words])
  const page = pageLabel(hit.metadata)
  const name = titleOf(hit)
  const Icon = iconOf(name)
  return (
    <div
      ref={ref}
      id={hitElementId(index)}
      data-index={index}
      role="option"
      aria-selected={active}
      aria-setsize={count}
      aria-posinset={index + 1}
      className={classNames('hit', active && 'hit-active')}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <div className="hit-head">
        <Icon size={15} aria-hidden className="hit-icon" />
        <span className="hit-name">{name}</span>
        {page !== null && <span className="hit-page">page {page}</span>}
        {hit.source !== null && <span className="hit-folder">{folderBelow(sources, hit.source)}</span>}
        <ScoreBar score={hit.score} />
      </div>
      <p className="hit-text">
        {snippet.cutBefore && '… '}
        <MarkedText text={snippet.text} marks={snippet.marks} />
        {snippet.cutAfter && ' …'}
      </p>
    </div>
  )
})

function iconOf(name: string): LucideIcon {
  if (/\.pdf$/i.test(name)) return FileType2
  if (/\.(html?|xhtml|xml|json)$/i.test(name)) return FileCode2
  return FileText
}
