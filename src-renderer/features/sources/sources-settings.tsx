/** What holds for all sources of a knowledge base: deleted files, and text in pictures. */
import type { DeletedFiles, Sources } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { imageLanguages } from '../ingest/intake-choice.ts'

const choices: readonly { readonly value: DeletedFiles; readonly label: string }[] = [
  { value: 'ask', label: 'Ask' },
  { value: 'remove', label: 'Remove' },
  { value: 'keep', label: 'Keep' },
]

const notes: Readonly<Record<DeletedFiles, string>> = {
  ask: 'Their documents stay in the index until you have been asked.',
  remove:
    'Their documents leave the index with the next refresh. A source that is not there as a whole loses nothing.',
  keep: 'Their documents stay in the index and are found.',
}

interface SourcesSettingsProps {
  readonly knowledgeBaseId: string
  readonly value: Sources
}

export function SourcesSettings({ knowledgeBaseId, value }: SourcesSettingsProps) {
  const { deletedFiles, recognizeText } = value
  const configureSources = useApp((state) => state.configureSources)
  return (
    <div className="sources-settings">
      <div className="sources-setting">
        <div>
          <h2>Files that are gone</h2>
          <p>{notes[deletedFiles]}</p>
        </div>
        <Segmented
          label="Files that are gone"
          value={deletedFiles}
          options={choices}
          onChange={(deletedFiles) => void configureSources(knowledgeBaseId, { deletedFiles })}
        />
      </div>
      <div className="sources-setting">
        <div>
          <h2>Text in pictures and scanned pages</h2>
          <p>Slow: a second or more for each. Counts from the next refresh on.</p>
        </div>
        <Checkbox
          checked={recognizeText !== null}
          onChange={(checked) =>
            void configureSources(knowledgeBaseId, { recognizeText: checked ? imageLanguages : null })
          }
        >
          Read English text (OCR)
        </Checkbox>
      </div>
    </div>
  )
}
