/** What stands below the search box while nothing is typed: what there is to search, and how. */
import type { KnowledgeBase } from '#contract'
import { formatCounted } from '../../ui/format.ts'
import { Keys } from '../../ui/keys.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'

const sourcesShown = 6

export function BeforeSearch({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, state, nodes, documents, sources } = knowledgeBase
  const indexing = useIndexing(id)
  if (state === 'opening') {
    return (
      <div className="before-search">
        <p className="before-search-opening">
          <Spinner label="" /> Opening…
        </p>
      </div>
    )
  }
  return (
    <div className="before-search">
      <div>
        <h2>{headline(nodes, documents, indexing)}</h2>
        <p>{nodes === 0 && !indexing ? 'Add files to have something to search.' : advice(indexing)}</p>
      </div>
      {nodes > 0 && (
        <dl className="before-search-keys">
          <div>
            <dt>
              <Keys keys={['↑', '↓']} />
            </dt>
            <dd>move through the results</dd>
          </div>
          <div>
            <dt>
              <Keys keys={['Enter']} />
            </dt>
            <dd>read the source around the passage</dd>
          </div>
          <div>
            <dt>
              <Keys keys={['Esc']} />
            </dt>
            <dd>close the source, then clear the search</dd>
          </div>
        </dl>
      )}
      {sources.length > 0 && (
        <div className="before-search-sources">
          <h3>Indexed from</h3>
          <ul>
            {sources.slice(0, sourcesShown).map((source) => (
              <li key={source}>
                <PathText path={source} />
              </li>
            ))}
            {sources.length > sourcesShown && <li>and {sources.length - sourcesShown} more</li>}
          </ul>
        </div>
      )}
    </div>
  )
}

function headline(nodes: number, documents: number, indexing: boolean): string {
  if (nodes > 0) {
    return `Search ${formatCounted(documents, 'document', 'documents')} by meaning`
  }
  return indexing ? 'The first documents are being indexed' : 'Nothing is indexed yet'
}

function advice(indexing: boolean): string {
  return indexing
    ? 'You can search already; what is finished is found.'
    : 'A question or a few words of your own do: the text need not contain them.'
}
