/** The chunks of a preview, one after the other: arrows go from chunk to chunk, what overlaps is marked. */
import { Fragment, useRef, type KeyboardEvent } from 'react'
import type { ChunkPreview, PreviewedDocument, PreviewedNode } from '#contract'
import { formatCount, formatCounted } from '../../ui/format.ts'
import { chunkParts } from './chunk-overlap.ts'

export function ChunkList({ preview }: { readonly preview: ChunkPreview }) {
  const { documents, totalNodes, totalDocuments, truncated } = preview
  const list = useRef<HTMLDivElement>(null)
  const shown = documents.reduce((sum, { nodes }) => sum + nodes.length, 0)
  if (shown === 0) return <p className="preview-empty">There is no text to cut in this file.</p>

  const onKeyDown = (event: KeyboardEvent): void => {
    const chunks = Array.from(list.current?.querySelectorAll<HTMLElement>('.chunk') ?? [])
    const at = chunks.findIndex((chunk) => chunk === document.activeElement)
    const moves: Partial<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: chunks.length - 1,
    }
    const target = moves[event.key]
    if (target === undefined) return
    event.preventDefault()
    chunks[Math.min(target, chunks.length - 1)]?.focus()
  }

  let number = 0
  return (
    <div
      className="chunk-list"
      ref={list}
      tabIndex={0}
      role="group"
      aria-label="Chunks"
      onKeyDown={onKeyDown}
    >
      {documents.map((document, index) => (
        <Fragment key={document.id}>
          {totalDocuments > 1 && <h3 className="chunk-document">{documentTitle(document, index)}</h3>}
          <ol className="chunks">
            {document.nodes.map((node, nodeIndex) => (
              <Chunk key={nodeIndex} number={++number} nodes={document.nodes} index={nodeIndex} node={node} />
            ))}
          </ol>
        </Fragment>
      ))}
      {(truncated || shown < totalNodes) && (
        <p className="chunk-rest">
          {shown < totalNodes
            ? `${formatCounted(totalNodes - shown, 'more chunk is', 'more chunks are')} not shown.`
            : 'Some texts are not shown to their end.'}
        </p>
      )}
    </div>
  )
}

interface ChunkProps {
  readonly number: number
  readonly nodes: readonly PreviewedNode[]
  readonly index: number
  readonly node: PreviewedNode
}

function Chunk({ number, nodes, index, node }: ChunkProps) {
  const { before, own, after } = chunkParts(nodes, index)
  const { tokens, embedTokens, truncated } = node
  return (
    <li className="chunk" tabIndex={-1} aria-label={`Chunk ${number}, ${formatCount(tokens)} tokens`}>
      <p className="chunk-head">
        <span className="chunk-number">{formatCount(number)}</span>
        <span>{formatCounted(tokens, 'token', 'tokens')}</span>
        <span>{formatCount(embedTokens)} with metadata</span>
      </p>
      <p className="chunk-text">
        {before !== '' && (
          <mark className="chunk-shared" title="Also in the chunk before">
            {before}
          </mark>
        )}
        {own}
        {after !== '' && (
          <mark className="chunk-shared" title="Also in the chunk after">
            {after}
          </mark>
        )}
        {truncated && ' …'}
      </p>
    </li>
  )
}

function documentTitle({ metadata, totalNodes }: PreviewedDocument, index: number): string {
  const page = metadata['page_label']
  const name = typeof page === 'string' ? `Page ${page}` : `Document ${formatCount(index + 1)}`
  return `${name} · ${formatCounted(totalNodes, 'chunk', 'chunks')}`
}
