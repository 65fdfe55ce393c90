/** One source: whether it is there, how much of it is in the index, its rules, and what can be done with it. */
import { Eye, File, Folder, SlidersHorizontal, Trash2, Unplug } from 'lucide-react'
import type { Source } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/checkbox.tsx'
import { formatCounted, formatDateTime } from '../../ui/format.ts'
import { PathText } from '../../ui/path-text.tsx'
import { baseName } from '../../ui/paths.ts'
import { describeRules } from '../ingest/rules-text.ts'
import { settingsOf } from './source-settings.ts'

interface SourceCardProps {
  readonly knowledgeBaseId: string
  readonly source: Source
  readonly canChange: boolean
  readonly indexing: boolean
}

export function SourceCard({ knowledgeBaseId, source, canChange, indexing }: SourceCardProps) {
  const { path, state, files, lastIndexed, watch, watching, watchError } = source
  const configureSources = useApp((app) => app.configureSources)
  const askAboutSource = useApp((app) => app.askAboutSource)
  const rules = describeRules(source)
  const name = baseName(path)
  const away = state === 'unavailable'
  const Icon = files === 1 && /\.[a-z0-9]{1,5}$/i.test(name) ? File : Folder
  return (
    <li className="source-card" aria-label={name}>
      <Icon className="source-card-icon" size={18} aria-hidden />
      <div className="source-card-text">
        <div className="source-card-name">
          <h2>{name}</h2>
          {away && (
            <Badge look="danger" icon={Unplug}>
              Not there
            </Badge>
          )}
          {watching && (
            <Badge look="good" icon={Eye}>
              Watched
            </Badge>
          )}
        </div>
        <p className="source-card-path">
          <PathText path={path} />
        </p>
        <p className="source-card-facts">
          {formatCounted(files, 'file', 'files')} in the index
          {lastIndexed !== null && ` · indexed ${formatDateTime(lastIndexed)}`}
          {rules !== null && ` · ${rules}`}
        </p>
        {away && (
          <p className="source-card-note">
            {files > 0 ? 'What was indexed of it stays in the index.' : 'Nothing of it is in the index.'} If
            its drive is not connected, connect it and refresh.
          </p>
        )}
        {watch && watchError !== null && (
          <p className="source-card-note">Not watched at the moment: {watchError}</p>
        )}
      </div>
      {canChange && (
        <div className="source-card-actions">
          <Checkbox
            checked={watch}
            onChange={(watch) =>
              void configureSources(knowledgeBaseId, { sources: [{ ...settingsOf(source), watch }] })
            }
          >
            Watch
          </Checkbox>
          <Button
            look="quiet"
            icon={SlidersHorizontal}
            onClick={() => askAboutSource({ kind: 'edit', knowledgeBaseId, source })}
          >
            Rules…
          </Button>
          <IconButton
            icon={Trash2}
            label={`Remove ${name} from the sources`}
            disabled={indexing}
            onClick={() => askAboutSource({ kind: 'remove', knowledgeBaseId, source })}
          />
        </div>
      )}
    </li>
  )
}
