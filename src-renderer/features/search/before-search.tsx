/** What stands below the search box while nothing is typed: what there is to search, and how. */
import type { KnowledgeBase } from '#contract'
import { formatCounted } from '../../ui/format.ts'
import { Keys } from '../../ui/keys.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'
import './before-search.css'
import { PastSearches } from './past-searches.tsx'

const sourcesShown = 6

const keys: readonly { readonly keys: readonly string[]; readonly does: string }[] = [
  { keys: ['↑', '↓'], does: 'move through the results' },
  { keys: ['Enter'], does: 'read the source at its passage' },
  { keys: ['Space'], does: 'look at the whole document' },
  { keys: ['→'], does: 'show what stands before and after' },
  { keys: ['Mod', 'C'], does: 'copy the passage with its source' },
  { keys: ['Mod', 'J'], does: 'hybrid, vector, keyword' },
  { keys: ['Esc'], does: 'close, then clear' },
]

const narrowing: readonly { readonly typed: string; readonly does: string }[] = [
  { typed: 'type:pdf', does: 'only this type of file' },
  { typed: 'path:docs/', does: 'only below such a folder' },
  { typed: 'after:2025-01', does: 'only what changed since' },
  { typed: '"these words"', does: 'one after the other' },
  { typed: 'begin*', does: 'words that begin so' },
  { typed: '-word', does: 'without it; of filters as well' },
]

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
      <div className="before-search-parts">
        <PastSearches knowledgeBaseId={id} />
        {nodes > 0 && (
          <section className="before-search-part" aria-labelledby="search-keys-heading">
            <h3 id="search-keys-heading">Keys</h3>
            <dl className="before-search-keys">
              {keys.map(({ keys: pressed, does }) => (
                <div key={does}>
                  <dt>
                    <Keys keys={pressed} />
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {nodes > 0 && (
          <section className="before-search-part" aria-labelledby="search-narrowing-heading">
            <h3 id="search-narrowing-heading">To narrow it</h3>
            <dl className="before-search-keys before-search-narrowing">
              {narrowing.map(({ typed, does }) => (
                <div key={typed}>
                  <dt>
                    <code>{typed}</code>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {sources.length > 0 && (
          <section className="before-search-part" aria-labelledby="search-sources-heading">
            <h3 id="search-sources-heading">Indexed from</h3>
            <ul className="before-search-sources">
              {sources.slice(0, sourcesShown).map((source) => (
                <li key={source}>
                  <PathText path={source} />
                </li>
              ))}
              {sources.length > sourcesShown && <li>and {sources.length - sourcesShown} more</li>}
            </ul>
          </section>
        )}
      </div>
    </div>
  )
}

function headline(nodes: number, documents: number, indexing: boolean): string {
  if (nodes > 0) return `Search ${formatCounted(documents, 'document', 'documents')}`
  return indexing ? 'The first documents are being indexed' : 'Nothing is indexed yet'
}

function advice(indexing: boolean): string {
  return indexing
    ? 'You can search already; what is finished is found.'
    : 'Ask in your own words, or type the very words that you remember: both are looked for.'
}
