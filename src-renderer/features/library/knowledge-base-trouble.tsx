/** Why a knowledge base cannot be searched, and what can be done. */
import { FolderOpen, RotateCw, ShieldCheck } from 'lucide-react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'

export function KnowledgeBaseTrouble({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, error, persistDir } = knowledgeBase
  const activate = useApp((state) => state.activate)
  const checkFolder = useApp((state) => state.checkFolder)
  const askToForget = useApp((state) => state.askToForget)
  const revealPath = useApp((state) => state.revealPath)
  const canReveal =
    useApp((state) => state.appInfo?.canOpenFiles === true) && knowledgeBase.state !== 'missing'
  const message = error?.message ?? `The folder ${persistDir} is not there.`
  const hint = error?.hint ?? 'It may have been moved or renamed, or its drive is not connected.'
  return (
    <Message kind="error" message={message} hint={hint} large>
      <Button look="primary" icon={RotateCw} onClick={() => void activate(id)}>
        Try again
      </Button>
      {canReveal && (
        <Button icon={FolderOpen} onClick={() => void revealPath(persistDir)}>
          Show folder
        </Button>
      )}
      {knowledgeBase.state !== 'missing' && (
        <Button icon={ShieldCheck} onClick={() => void checkFolder(id)}>
          Check this folder…
        </Button>
      )}
      <Button onClick={() => askToForget(id)}>Take off the list…</Button>
    </Message>
  )
}
