/** Why a search has no answer, and the way out: an empty list would look as if nothing was found. */
import type { ErrorShape, KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'
import { isAboutModel, isAboutServer } from '../models/verdict-sentences.ts'

interface SearchRefusedProps {
  readonly knowledgeBase: KnowledgeBase
  readonly error: ErrorShape
}

export function SearchRefused({ knowledgeBase, error }: SearchRefusedProps) {
  const { id, readOnly, model } = knowledgeBase
  const searchAgain = useApp((state) => state.searchAgain)
  const setKeywordOnly = useApp((state) => state.setKeywordOnly)
  const openModelDialog = useApp((state) => state.openModelDialog)
  const showView = useApp((state) => state.showView)
  const allowSending = useApp((state) => state.allowSending)
  const serverName = useApp((state) => state.models.find((other) => other.id === model)?.server)
  const host = useApp((state) => state.servers.find(({ name }) => name === serverName)?.host)
  const { code, message, hint } = error

  if (code === 'consent-required') {
    return (
      <Message kind="warning" message={message} hint={hint} large>
        <Button look="primary" onClick={() => void allowSending(id)}>
          Send my questions to {host ?? serverName ?? 'its server'}
        </Button>
        <Button onClick={() => setKeywordOnly(id, true)}>Search by keyword only</Button>
        <Button onClick={() => openModelDialog(id)}>Pick another model…</Button>
      </Message>
    )
  }
  return (
    <Message kind="error" message={message} hint={hint} large>
      {isAboutModel(code) ? (
        <>
          <Button look="primary" onClick={() => setKeywordOnly(id, true)}>
            Search by keyword only
          </Button>
          <Button onClick={() => openModelDialog(id)}>Pick another model…</Button>
          {!readOnly && (
            <Button onClick={() => openModelDialog(id, 'reembed')}>Embed the folder again…</Button>
          )}
        </>
      ) : (
        <Button onClick={() => searchAgain(id)}>Search again</Button>
      )}
      {isAboutServer(code) && <Button onClick={() => showView('models')}>Embedding models…</Button>}
    </Message>
  )
}
