/** A knowledge base on screen: what it is, what is being done with it, and its search. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { ModelRefusal } from '../models/model-trouble.tsx'
import { useModelCheck } from '../models/use-model-check.ts'
import { isAboutModel } from '../models/verdict-sentences.ts'
import { JobCard } from '../ingest/job-card.tsx'
import { jobOf } from '../ingest/jobs-slice.ts'
import { ReportPage } from '../report/report-page.tsx'
import { SearchBar } from '../search/search-bar.tsx'
import { SearchBox } from '../search/search-box.tsx'
import { SearchResults } from '../search/search-results.tsx'
import { SourcePanel } from '../search/source-panel.tsx'
import { useSession } from '../search/use-session.ts'
import { SourcesPage } from '../sources/sources-page.tsx'
import { KnowledgeBaseHeader } from './knowledge-base-header.tsx'
import { KnowledgeBaseTrouble } from './knowledge-base-trouble.tsx'
import './knowledge-base-view.css'
import { placeId, placeLabels, PlaceTabs } from './place-tabs.tsx'

export function KnowledgeBaseView({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const job = useApp((state) => jobOf(state, knowledgeBase.id))
  const place = useApp((state) => state.place)
  const openSource = useApp((state) => state.openSource)
  const { keywordOnly } = useSession(knowledgeBase.id)
  useModelCheck(knowledgeBase)
  const modelTrouble = knowledgeBase.error !== null && isAboutModel(knowledgeBase.error.code)
  // without its model it can still be searched by keyword, once that was chosen
  const inTrouble =
    (knowledgeBase.error !== null && !(modelTrouble && keywordOnly)) ||
    knowledgeBase.state === 'missing' ||
    (knowledgeBase.state === 'error' && !modelTrouble)
  return (
    <div className="knowledge-base-view">
      <div className="knowledge-base-column">
        <KnowledgeBaseHeader knowledgeBase={knowledgeBase} />
        {inTrouble ? (
          <>
            {job !== null && <JobCard job={job} />}
            {modelTrouble ? (
              <ModelRefusal knowledgeBase={knowledgeBase} />
            ) : (
              <KnowledgeBaseTrouble knowledgeBase={knowledgeBase} />
            )}
          </>
        ) : (
          <>
            <PlaceTabs knowledgeBase={knowledgeBase} />
            <div className="place" id={placeId} role="tabpanel" aria-label={placeLabels[place]}>
              {place === 'search' && (
                <>
                  <SearchBox knowledgeBase={knowledgeBase} />
                  <SearchBar knowledgeBase={knowledgeBase} />
                </>
              )}
              {job !== null && <JobCard job={job} />}
              {place === 'search' && <SearchResults knowledgeBase={knowledgeBase} />}
              {place === 'sources' && <SourcesPage knowledgeBase={knowledgeBase} />}
              {place === 'files' && <ReportPage knowledgeBase={knowledgeBase} />}
            </div>
          </>
        )}
      </div>
      {place === 'search' && openSource?.sessionId === knowledgeBase.id && (
        <SourcePanel openSource={openSource} />
      )}
    </div>
  )
}
