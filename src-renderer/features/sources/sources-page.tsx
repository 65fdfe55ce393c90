/** Where the files of a knowledge base come from: its sources, bringing them up to date, and what becomes of deleted files. */
import { FolderPlus, RefreshCw } from 'lucide-react'
import { useEffect } from 'react'
import type { KnowledgeBase, Sources } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'
import { SourceCard } from './source-card.tsx'
import { SourcesSettings } from './sources-settings.tsx'
import './sources-page.css'

export function SourcesPage({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id } = knowledgeBase
  const view = useApp((state) => state.sourcesOf[id])
  const loadSources = useApp((state) => state.loadSources)
  useEffect(() => {
    // the knowledge base is another object whenever something about it changed
    void loadSources(id)
  }, [id, knowledgeBase, loadSources])

  const value = view?.value ?? null
  const error = view?.error ?? null
  return (
    <div className="sources-page" tabIndex={0} role="region" aria-label="Sources">
      {error !== null && (
        <Message kind="error" message={error.message} hint={error.hint}>
          <Button onClick={() => void loadSources(id)}>Try again</Button>
        </Message>
      )}
      {value === null && error === null && (
        <p className="place-waiting">
          <Spinner label="" /> Looking at the sources…
        </p>
      )}
      {value !== null && <Content knowledgeBase={knowledgeBase} value={value} />}
    </div>
  )
}

interface ContentProps {
  readonly knowledgeBase: KnowledgeBase
  readonly value: Sources
}

function Content({ knowledgeBase, value }: ContentProps) {
  const { id, readOnly, conflict } = knowledgeBase
  const { sources } = value
  const refreshSources = useApp((state) => state.refreshSources)
  const chooseSources = useApp((state) => state.chooseSources)
  const indexing = useIndexing(id)
  const canChange = !readOnly && !conflict
  const add = canChange && (
    <Button
      look={sources.length === 0 ? 'primary' : 'plain'}
      icon={FolderPlus}
      onClick={() => void chooseSources(id)}
    >
      Add a source…
    </Button>
  )

  if (sources.length === 0)
    return (
      <div className="sources-empty">
        <h2>No sources are known</h2>
        <p>
          This index does not say which files it was made of. Add a folder, and from then on Stackroom knows
          what changed in it.
        </p>
        {add}
      </div>
    )
  const away = sources.filter(({ state }) => state === 'unavailable').length
  return (
    <>
      <div className="place-head">
        <p>
          {formatCounted(sources.length, 'source', 'sources')}
          {away > 0 && ` · ${away} not there`}
        </p>
        {canChange && (
          <div className="place-ways">
            {add}
            <Button
              look="primary"
              icon={RefreshCw}
              disabled={indexing}
              onClick={() => void refreshSources(id)}
            >
              {indexing ? 'Indexing…' : 'Refresh now'}
            </Button>
          </div>
        )}
      </div>
      <ul className="sources-list">
        {sources.map((source) => (
          <SourceCard
            key={source.path}
            knowledgeBaseId={id}
            source={source}
            canChange={canChange}
            indexing={indexing}
          />
        ))}
      </ul>
      {canChange && <SourcesSettings knowledgeBaseId={id} value={value} />}
    </>
  )
}
