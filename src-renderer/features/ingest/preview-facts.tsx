/** What a preview comes to: how many chunks, how large, by which node parser. */
import type { ChunkPreview } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { formatCount, formatCounted } from '../../ui/format.ts'
import { modelName } from '../models/models-slice.ts'
import { chunkParts } from './chunk-overlap.ts'
import { describeCutting } from './node-parser-text.ts'

export function PreviewFacts({ preview }: { readonly preview: ChunkPreview }) {
  const { totalNodes, totalDocuments, tokensPerNode, nodeParser, cutBy, model, maximumTokens } = preview
  const models = useApp((state) => state.models)
  const longest = Math.max(
    0,
    ...preview.documents.flatMap(({ nodes }) => nodes.map(({ embedTokens }) => embedTokens)),
  )
  const tooLong = longest > maximumTokens
  const overlaps = preview.documents.some(({ nodes }) =>
    nodes.some((_, index) => chunkParts(nodes, index).before !== ''),
  )
  return (
    <div className="preview-facts" role="status">
      <p>
        <strong>{formatCounted(totalNodes, 'chunk', 'chunks')}</strong>
        {totalDocuments > 1 && ` of ${formatCounted(totalDocuments, 'document', 'documents')}`}
        {tokensPerNode !== null &&
          ` · ${formatCount(tokensPerNode.minimum)} to ${formatCount(tokensPerNode.maximum)} tokens, median ${formatCount(tokensPerNode.median)}`}
      </p>
      <p className="preview-facts-how">
        {describeCutting(nodeParser, cutBy)} · {modelName(models, model)} reads {formatCount(maximumTokens)}{' '}
        tokens at once
        {overlaps && (
          <>
            {' · '}
            <mark className="chunk-shared">marked</mark>: also in the chunk beside it
          </>
        )}
      </p>
      {tooLong && (
        <p className="preview-facts-long">
          A chunk with its metadata has {formatCount(longest)} tokens: more than the model reads at once.
        </p>
      )}
    </div>
  )
}
