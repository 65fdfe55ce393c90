/** Says, without pressing, that files are gone and an answer is awaited. */
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { useIndexing } from '../ingest/use-indexing.ts'

export function MissingNotice({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, missingFiles, readOnly, conflict } = knowledgeBase
  const kept = useApp((state) => state.missingKept[id])
  const askAboutMissing = useApp((state) => state.askAboutMissing)
  const indexing = useIndexing(id)
  if (missingFiles === 0 || kept === missingFiles || readOnly || conflict || indexing) return null
  return (
    <Message
      kind="warning"
      message={`${formatCounted(missingFiles, 'file that was indexed is', 'files that were indexed are')} gone.`}
      hint="Their text is still found. Remove it from the index, or keep it."
    >
      <Button onClick={() => void askAboutMissing(id)}>See which, and decide…</Button>
    </Message>
  )
}
