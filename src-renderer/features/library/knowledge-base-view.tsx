/** A knowledge base on screen: what it is, what is being done with it, and its search. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { ModelRefusal } from '../models/model-trouble.tsx'
import { useModelCheck } from '../models/use-model-check.ts'
import { isAboutModel } from '../models/verdict-sentences.ts'
import { JobCard } from '../ingest/job-card.tsx'
import { jobOf } from '../ingest/jobs-slice.ts'
import { SearchBox } from '../search/search-box.tsx'
import { SearchResults } from '../search/search-results.tsx'
import { SourcePanel } from '../search/source-panel.tsx'
import { KnowledgeBaseHeader } from './knowledge-base-header.tsx'
import { KnowledgeBaseTrouble } from './knowledge-base-trouble.tsx'
import './knowledge-base-view.css'

export function KnowledgeBaseView({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const job = useApp((state) => jobOf(state, knowledgeBase.id))
  const openSource = useApp((state) => state.openSource)
  const inTrouble =
    knowledgeBase.error !== null || knowledgeBase.state === 'missing' || knowledgeBase.state === 'error'
  useModelCheck(knowledgeBase)
  const modelTrouble = knowledgeBase.error !== null && isAboutModel(knowledgeBase.error.code)
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
            <SearchBox knowledgeBase={knowledgeBase} />
            {job !== null && <JobCard job={job} />}
            <SearchResults knowledgeBase={knowledgeBase} />
          </>
        )}
      </div>
      {openSource?.knowledgeBaseId === knowledgeBase.id && <SourcePanel openSource={openSource} />}
    </div>
  )
}
