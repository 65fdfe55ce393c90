/** What stands in a knowledge base's way because of its model, and the ways out; and old vectors that wait for a word. */
import type { KnowledgeBase, ModelCheck } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'
import { unchecked } from './model-check-slice.ts'
import { modelName } from './models-slice.ts'
import './model-verdict.css'
import { reasonSentence } from './verdict-sentences.ts'

/** Searching and indexing are refused: says why, in the place where results would be. */
export function ModelRefusal({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { error, id } = knowledgeBase
  const { error: failure } = useApp((state) => state.checks[id] ?? unchecked)
  const busy = useIndexing(id)
  if (error === null || busy) return null
  return (
    <Message kind="error" message={error.message} hint={error.hint} large>
      <Ways knowledgeBase={knowledgeBase} canOnlySearchWords />
      {failure !== null && <p className="model-failure">{failure.message}</p>}
    </Message>
  )
}

/** What to know about the model below the header: a doubt, something that failed, old vectors that are still kept. */
export function ModelNotes({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { check, error, working } = useApp((state) => state.checks[knowledgeBase.id] ?? unchecked)
  const dialogOpen = useApp((state) => state.modelDialog?.knowledgeBaseId === knowledgeBase.id)
  const keywordOnly = useApp((state) => state.sessions[knowledgeBase.id]?.keywordOnly === true)
  const busy = useIndexing(knowledgeBase.id)
  if (busy || check === null) return null
  // what stands in the place of the results need not stand here as well
  const refused = (knowledgeBase.error === null || keywordOnly) && check.refused.length > 0
  return (
    <>
      {refused && (
        <Message
          kind="error"
          message={
            check.error?.message ??
            reasonSentence(check.reason ?? 'other-vectors', check.dimensions, undefined)
          }
          hint={check.error?.hint}
        >
          <Ways knowledgeBase={knowledgeBase} canOnlySearchWords={check.refused.includes('search')} />
        </Message>
      )}
      {!refused && isUnproven(check) && (
        <Message
          kind="warning"
          message={unprovenSentence(check)}
          hint="If the hits make no sense, another model made these vectors."
        >
          <Ways knowledgeBase={knowledgeBase} />
        </Message>
      )}
      {error !== null && !dialogOpen && <Message kind="error" message={error.message} hint={error.hint} />}
      {check.oldVectors !== null && (
        <OldVectors id={knowledgeBase.id} oldVectors={check.oldVectors} deciding={working === 'deciding'} />
      )}
    </>
  )
}

function isUnproven({ verdict, chosen, dimensions, recorded }: ModelCheck): boolean {
  return verdict === 'cannot-tell' && !chosen && !recorded && dimensions !== null
}

function unprovenSentence({ reason, dimensions, error }: ModelCheck): string {
  const why = reason === null ? '' : ` ${reasonSentence(reason, dimensions, error?.message)}`
  return `Whether this is the model of these vectors cannot be told.${why}`
}

interface WaysProps {
  readonly knowledgeBase: KnowledgeBase
  /** Searching by meaning is refused. */
  readonly canOnlySearchWords?: boolean
}

function Ways({ knowledgeBase, canOnlySearchWords = false }: WaysProps) {
  const { id, readOnly, vectorStore } = knowledgeBase
  const openModelDialog = useApp((state) => state.openModelDialog)
  const focusSearch = useApp((state) => state.focusSearch)
  const setKeywordOnly = useApp((state) => state.setKeywordOnly)
  const keywordOnly = useApp((state) => state.sessions[id]?.keywordOnly === true)
  return (
    <>
      {canOnlySearchWords && !keywordOnly && (
        <Button
          look="primary"
          onClick={() => {
            setKeywordOnly(id, true)
            focusSearch()
          }}
        >
          Search by keyword only
        </Button>
      )}
      <Button onClick={() => openModelDialog(id)}>Pick another model…</Button>
      {/* vectors of another kind go into another collection */}
      {!readOnly && vectorStore === null && (
        <Button onClick={() => openModelDialog(id, 'reembed')}>Embed the folder again…</Button>
      )}
    </>
  )
}

interface OldVectorsProps {
  readonly id: string
  readonly oldVectors: NonNullable<ModelCheck['oldVectors']>
  readonly deciding: boolean
}

function OldVectors({ id, oldVectors, deciding }: OldVectorsProps) {
  const { model, bytes, restorable } = oldVectors
  const models = useApp((state) => state.models)
  const discardOldVectors = useApp((state) => state.discardOldVectors)
  const restoreOldVectors = useApp((state) => state.restoreOldVectors)
  const ofModel = model === null ? '' : ` of ${modelName(models, model)}`
  return (
    <Message
      kind="info"
      message={`The vectors${ofModel} from before are still kept (${formatBytes(bytes)}).`}
      hint="Search a little; then keep the new ones, or put the old ones back."
    >
      <Button disabled={deciding} onClick={() => void discardOldVectors(id)}>
        Keep the new ones
      </Button>
      {restorable && (
        <Button disabled={deciding} onClick={() => void restoreOldVectors(id)}>
          Put the old ones back
        </Button>
      )}
    </Message>
  )
}
