/** The rules of a source that is there: kept, and the index brought in line with them. */
import { useState } from 'react'
import type { SourceRules } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Message } from '../../ui/message.tsx'
import { baseName } from '../../ui/paths.ts'
import { RulesFields } from '../ingest/rules-fields.tsx'
import { settingsOf } from './source-settings.ts'
import type { SourceQuestion } from './sources-slice.ts'

export function RulesDialog({ question }: { readonly question: SourceQuestion }) {
  const { source, working, error } = question
  const askAboutSource = useApp((state) => state.askAboutSource)
  const saveRules = useApp((state) => state.saveRules)
  const [rules, setRules] = useState<SourceRules>(() => settingsOf(source))
  const close = (): void => askAboutSource(null)
  return (
    <Dialog
      title={`Which files of “${baseName(source.path)}”`}
      onClose={close}
      actions={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" disabled={working} onClick={() => void saveRules(rules)}>
            Save and refresh
          </Button>
        </>
      }
    >
      <RulesFields rules={rules} onChange={(change) => setRules({ ...rules, ...change })} />
      <p className="source-dialog-note">
        Files in the index that these rules leave out count as gone: they are kept or removed as you set it
        for files that are gone.
      </p>
      {error !== null && <Message kind="error" message={error.message} hint={error.hint} />}
    </Dialog>
  )
}
