/** The chunks of one file before anything is indexed, beside the options that they come from. */
import { FileSearch } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Message } from '../../ui/message.tsx'
import { baseName, folderBelow } from '../../ui/paths.ts'
import { Spinner } from '../../ui/progress.tsx'
import { ChunkList } from './chunk-list.tsx'
import type { AskingIntake } from './intake-slice.ts'
import { NodeParserFields } from './node-parser-fields.tsx'
import './preview-dialog.css'
import { PreviewFacts } from './preview-facts.tsx'
import type { ChunkPreviewView } from './preview-slice.ts'

export function PreviewDialog() {
  const preview = useApp((state) => state.preview)
  const intake = useApp((state) => state.intake)
  const closePreview = useApp((state) => state.closePreview)
  if (preview === null || intake?.step !== 'asking') return null
  return (
    <Dialog
      title="Preview of chunks"
      large
      onClose={closePreview}
      actions={
        <>
          <span className="preview-note">Nothing is embedded or kept by this.</span>
          <span className="spring" />
          <Button look="primary" onClick={closePreview}>
            Done
          </Button>
        </>
      }
    >
      <div className="preview">
        <PreviewChoices preview={preview} intake={intake} />
        <PreviewResult preview={preview} />
      </div>
    </Dialog>
  )
}

interface PreviewChoicesProps {
  readonly preview: ChunkPreviewView
  readonly intake: AskingIntake
}

function PreviewChoices({ preview, intake }: PreviewChoicesProps) {
  const { files, path, result } = preview
  const { choice, inspection } = intake
  const previewFile = useApp((state) => state.previewFile)
  const previewAgain = useApp((state) => state.previewAgain)
  const chooseFileToPreview = useApp((state) => state.chooseFileToPreview)
  const changeIntake = useApp((state) => state.changeIntake)
  return (
    <div className="preview-choices" tabIndex={0} role="group" aria-label="File and node parser">
      {files.length > 0 && (
        <Field label="File">
          {(ids) => (
            <select
              {...ids}
              className="text-input"
              value={path ?? ''}
              onChange={(event) => previewFile(event.target.value)}
            >
              {files.map((file) => (
                <option key={file} value={file}>
                  {baseName(file)} — {folderBelow(inspection.paths, file)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Button className="preview-other" icon={FileSearch} onClick={() => void chooseFileToPreview()}>
        Another file…
      </Button>
      {choice.addTo === null ? (
        <NodeParserFields
          value={choice.nodeParser}
          effective={result?.nodeParser ?? null}
          onChange={(nodeParser) => {
            changeIntake({ nodeParser })
            previewAgain()
          }}
        />
      ) : (
        <p className="field-note">Cut as the documents of this knowledge base were.</p>
      )}
    </div>
  )
}

function PreviewResult({ preview }: { readonly preview: ChunkPreviewView }) {
  const { path, loading, result, error } = preview
  if (path === null) return <p className="preview-empty">Choose a file to see how it would be cut.</p>
  if (error !== null)
    return (
      <div className="preview-result">
        <Message kind="error" message={error.message} hint={error.hint} />
      </div>
    )
  return (
    <div className="preview-result" aria-busy={loading}>
      {result !== null && <PreviewFacts preview={result} />}
      {loading && (
        <p className="preview-loading">
          <Spinner label="" /> Cutting {baseName(path)}…
        </p>
      )}
      {result !== null && <ChunkList key={result.path} preview={result} />}
    </div>
  )
}
