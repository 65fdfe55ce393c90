/** Why a knowledge base cannot be searched, and what can be done. */
import { FolderOpen, RotateCw, ShieldCheck } from 'lucide-react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'
import { folderOf, isCollection, placeOf } from '../stores/store-words.ts'

export function KnowledgeBaseTrouble({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, error, persistDir } = knowledgeBase
  const folder = folderOf(knowledgeBase)
  const activate = useApp((state) => state.activate)
  const checkFolder = useApp((state) => state.checkFolder)
  const askToForget = useApp((state) => state.askToForget)
  const revealPath = useApp((state) => state.revealPath)
  const openStore = useApp((state) => state.openStore)
  const canReveal =
    useApp((state) => state.appInfo?.canOpenFiles === true) && knowledgeBase.state !== 'missing'
  const message = error?.message ?? `The folder ${placeOf(knowledgeBase)} is not there.`
  const hint = error?.hint ?? 'It may have been moved or renamed, or its drive is not connected.'
  return (
    <Message kind="error" message={message} hint={hint} large>
      {error?.code === 'older-format' && isCollection(knowledgeBase) ? (
        <Button look="primary" onClick={() => void openStore(persistDir)}>
          Bring it up to date…
        </Button>
      ) : (
        <Button look="primary" icon={RotateCw} onClick={() => void activate(id)}>
          Try again
        </Button>
      )}
      {canReveal && folder !== null && (
        <Button icon={FolderOpen} onClick={() => void revealPath(folder)}>
          Show folder
        </Button>
      )}
      {knowledgeBase.state !== 'missing' && folder !== null && (
        <Button icon={ShieldCheck} onClick={() => void checkFolder(id)}>
          Check this folder…
        </Button>
      )}
      <Button onClick={() => askToForget(id)}>Take off the list…</Button>
    </Message>
  )
}
