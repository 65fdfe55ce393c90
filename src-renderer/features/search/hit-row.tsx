/** One result: the passage with the words that matched, the file it is from, and why it was found. */
import { memo, useMemo, type Ref } from 'react'
import type { SearchHit } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { classNames } from '../../ui/class-names.ts'
import { formatCounted } from '../../ui/format.ts'
import { baseName } from '../../ui/paths.ts'
import { DocumentName } from './document-name.tsx'
import { hitElementId } from './element-ids.ts'
import { pageLabel, titleOf } from './hit-facts.ts'
import { HitReasons } from './hit-reasons.tsx'
import { MarkedText } from './marked-text.tsx'
import { makeSnippet } from './snippet.ts'
import { UnfoldedHit } from './unfolded-hit.tsx'

interface HitRowProps {
  readonly ref: Ref<HTMLDivElement>
  readonly hit: SearchHit
  /** Among the hits, and how many those are. */
  readonly index: number
  readonly count: number
  /** Among the rows of the list. */
  readonly at: number
  /** Pixels from the list's top. */
  readonly top: number
  readonly active: boolean
  /** Below a heading that has the document's name. */
  readonly inGroup: boolean
  /** The knowledge base that it is from, where there are several. */
  readonly from: string | null
  /** The folders that were indexed: paths are shown below them. */
  readonly sources: readonly string[]
  readonly onOpen: () => void
}

/** UTF-16 code units: three lines at the list's full width. */
const snippetLength = 340

export const HitRow = memo(function HitRow(props: HitRowProps) {
  const { ref, hit, index, count, at, top, active, inGroup, from, sources, onOpen } = props
  const unfolded = useApp((state) => state.unfolded[hit.nodeId])
  const snippet = useMemo(() => makeSnippet(hit, snippetLength), [hit])
  const page = pageLabel(hit.metadata)
  return (
    <div
      ref={ref}
      id={hitElementId(index)}
      data-index={at}
      role="option"
      aria-selected={active}
      aria-setsize={count}
      aria-posinset={index + 1}
      className={classNames('hit', active && 'hit-active', inGroup && 'hit-in-group')}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onOpen}
    >
      <div className="hit-head">
        {inGroup ? (
          <span className="visually-hidden">{titleOf(hit)}</span>
        ) : (
          <DocumentName hit={hit} sources={sources} />
        )}
        {page !== null && <span className="hit-page">page {page}</span>}
        {from !== null && !inGroup && <span className="hit-from">{from}</span>}
        <HitReasons hit={hit} />
      </div>
      {unfolded === undefined ? (
        <p className="hit-text">
          {snippet.cutBefore && '… '}
          <MarkedText text={snippet.text} marks={snippet.marks} />
          {snippet.cutAfter && ' …'}
        </p>
      ) : (
        <UnfoldedHit hit={hit} unfolded={unfolded} />
      )}
      {hit.duplicates.length > 0 && (
        <p className="hit-duplicates" title={hit.duplicates.map(({ source }) => source ?? '').join('\n')}>
          {duplicatesSentence(hit)}
        </p>
      )}
    </div>
  )
})

/** “and 2 more like it: copy.txt, old.txt” */
function duplicatesSentence({ duplicates }: SearchHit): string {
  const names = [...new Set(duplicates.flatMap(({ source }) => (source === null ? [] : [baseName(source)])))]
  const shown = names.length > 2 ? [...names.slice(0, 2), '…'] : names
  const where = shown.length === 0 ? '' : `: ${shown.join(', ')}`
  return `and ${formatCounted(duplicates.length, 'passage', 'passages')} like it${where}`
}
