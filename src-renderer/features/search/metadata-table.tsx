/** The metadata of a node, folded away until wanted. */
import { ChevronRight } from 'lucide-react'
import type { JsonValue, Metadata } from '#contract'
import { formatCounted } from '../../ui/format.ts'

interface MetadataTableProps {
  readonly metadata: Metadata
  readonly nodeId: string
  readonly refDocId: string | null
}

export function MetadataTable({ metadata, nodeId, refDocId }: MetadataTableProps) {
  const entries = Object.entries(metadata)
  return (
    <details className="metadata">
      <summary>
        <ChevronRight size={14} aria-hidden />
        Metadata
        <span>{formatCounted(entries.length, 'entry', 'entries')}</span>
      </summary>
      <dl tabIndex={0} role="group" aria-label="Metadata">
        {entries.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{asText(value)}</dd>
          </div>
        ))}
        <div>
          <dt>node id</dt>
          <dd>{nodeId}</dd>
        </div>
        {refDocId !== null && (
          <div>
            <dt>ref doc id</dt>
            <dd>{refDocId}</dd>
          </div>
        )}
      </dl>
    </details>
  )
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
