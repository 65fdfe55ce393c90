/** Browses folders: a trail of where one is, a list, and what is chosen of it. */
import { ArrowUp, House } from 'lucide-react'
import { useState } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Message } from '../../ui/message.tsx'
import { baseName } from '../../ui/paths.ts'
import { ChooserList } from './chooser-list.tsx'
import type { ChoiceKind, Chooser } from './chooser-slice.ts'
import './chooser.css'
import { Trail } from './trail.tsx'

const titles: Record<ChoiceKind, string> = {
  sources: 'Choose a folder or files to index',
  file: 'Choose a file',
  'storage-folder': 'Open a storage folder or a Chroma folder',
  'parent-folder': 'Choose where to put the storage folder',
  'model-folder': 'Choose the folder of an embedding model',
  'store-folder': 'Choose a Chroma folder, or a folder for a new one',
}

export function ChooserDialog({ chooser }: { readonly chooser: Chooser }) {
  const { kind, listing, loading, error } = chooser
  const browse = useApp((state) => state.browse)
  const settleChooser = useApp((state) => state.settleChooser)
  const [showHidden, setShowHidden] = useState(false)
  const [chosen, setChosen] = useState<readonly string[]>([])

  const goTo = (path: string | null): void => {
    setChosen([])
    void browse(path)
  }
  const entries =
    listing?.entries.filter(
      (entry) =>
        (showHidden || !entry.name.startsWith('.')) &&
        (kind === 'sources' || kind === 'file' || entry.isDirectory),
    ) ?? []
  const result =
    kind === 'file'
      ? chosen.filter((path) => entries.some((entry) => entry.path === path && !entry.isDirectory))
      : chosen.length > 0 || listing === null
        ? chosen
        : [listing.path]

  return (
    <Dialog
      wide
      title={titles[kind]}
      onClose={() => settleChooser(null)}
      actions={
        <>
          <label className="chooser-hidden">
            <input
              type="checkbox"
              checked={showHidden}
              onChange={(event) => setShowHidden(event.target.checked)}
            />
            Hidden files
          </label>
          <span className="spring" />
          <Button onClick={() => settleChooser(null)}>Cancel</Button>
          <Button
            look="primary"
            disabled={result.length === 0 || loading}
            onClick={() => settleChooser(result)}
          >
            {buttonLabel(kind, chosen, kind === 'file' ? undefined : listing?.path)}
          </Button>
        </>
      }
    >
      <div className="chooser-bar">
        <IconButton icon={House} label="Home folder" onClick={() => goTo(null)} />
        <IconButton
          icon={ArrowUp}
          label="Folder above"
          disabled={listing === null || listing.parent === null}
          onClick={() => listing !== null && goTo(listing.parent)}
        />
        {listing !== null && <Trail key={listing.path} path={listing.path} onGo={goTo} />}
      </div>
      {error !== null && (
        <div className="chooser-error">
          <Message kind="error" message={error.message} hint={error.hint} />
        </div>
      )}
      <ChooserList
        key={listing?.path}
        entries={entries}
        multiple={kind === 'sources'}
        chosen={chosen}
        loading={loading && listing === null}
        emptyNote={listing?.entries.length ? 'Nothing to choose here' : 'This folder is empty'}
        onChoose={setChosen}
        onEnter={(entry) => {
          const isGoal =
            !entry.isDirectory ||
            (kind === 'storage-folder' && entry.isStorageFolder) ||
            (kind === 'store-folder' && entry.isChromaFolder)
          if (isGoal) settleChooser([entry.path])
          else goTo(entry.path)
        }}
        onUp={() => listing !== null && listing.parent !== null && goTo(listing.parent)}
      />
    </Dialog>
  )
}

function buttonLabel(kind: ChoiceKind, chosen: readonly string[], folder: string | undefined): string {
  if (chosen.length > 1) return `Choose ${chosen.length} items`
  const verb = kind === 'storage-folder' ? 'Open' : 'Choose'
  const path = chosen[0] ?? folder
  return path === undefined ? verb : `${verb} “${baseName(path)}”`
}
