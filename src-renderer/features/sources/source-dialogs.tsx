/** The dialogs about sources: whichever is open. */
import { useApp } from '../../store/use-app.ts'
import { MissingDialog } from './missing-dialog.tsx'
import { RemoveSourceDialog } from './remove-source-dialog.tsx'
import { RulesDialog } from './rules-dialog.tsx'

export function SourceDialogs() {
  const question = useApp((state) => state.sourceQuestion)
  const missing = useApp((state) => state.missingQuestion)
  return (
    <>
      {question?.kind === 'edit' && <RulesDialog question={question} />}
      {question?.kind === 'remove' && <RemoveSourceDialog question={question} />}
      {missing !== null && <MissingDialog question={missing} />}
    </>
  )
}
