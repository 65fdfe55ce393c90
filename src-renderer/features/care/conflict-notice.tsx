/** Both sides changed: says so, lets one be chosen, and asks once more with what becomes of the other. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'

export function ConflictNotice({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, readOnly } = knowledgeBase
  const askCare = useApp((state) => state.askCare)
  const ask = (keep: 'files' | 'stackroom') => () => askCare({ kind: 'conflict', knowledgeBaseId: id, keep })
  return (
    <Message
      kind="warning"
      message="Another program changed the files of this folder while Stackroom had changes of its own for them."
      hint="Nothing was overwritten. Until you choose, what Stackroom has is searched, and nothing can be added."
    >
      {!readOnly && (
        <>
          <Button onClick={ask('files')}>Keep the other program’s…</Button>
          <Button onClick={ask('stackroom')}>Keep Stackroom’s…</Button>
        </>
      )}
    </Message>
  )
}
