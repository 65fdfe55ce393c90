/** A store in which nothing can be opened as things are: why, and what to do. */
import type { ErrorShape } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { storeName } from './store-words.ts'
import type { StoreOpening } from './stores-slice.ts'

export function StoreTrouble({ opening }: { readonly opening: StoreOpening }) {
  const { address, inspection } = opening
  const closeStore = useApp((state) => state.closeStore)
  const openStore = useApp((state) => state.openStore)
  const checkStore = useApp((state) => state.checkStore)
  const openServer = useApp((state) => state.openStoreServer)
  const indexInto = useApp((state) => state.chooseSources)
  const error = inspection?.error ?? opening.error
  const place = inspection?.location ?? address
  const isFolder = typeof inspection?.folder === 'string'
  const code = error?.code ?? null
  const close = <Button onClick={closeStore}>Close</Button>

  if (error === null)
    return (
      <Dialog
        title="Nothing in it yet"
        onClose={closeStore}
        actions={
          <>
            {close}
            <Button
              look="primary"
              onClick={() => {
                closeStore()
                void indexInto(null, { at: inspection?.folder ?? address, collection: '', metric: null })
              }}
            >
              Index files into it…
            </Button>
          </>
        }
      >
        <Place path={place} />
        <Message
          kind="info"
          message={`There is no collection in this ${storeName(inspection?.kind ?? 'chroma')} ${isFolder ? 'folder' : 'server'}.`}
          hint="A collection is made when files are indexed into it."
        />
      </Dialog>
    )

  const canCheck = code === 'damaged-file' && isFolder
  const wantsServer = code === 'unsupported-format' || code === 'engine-unavailable'
  const isOfServer = !isFolder && code !== 'path-missing' && code !== 'not-a-storage-folder'
  return (
    <Dialog
      title={titleOf(error, isFolder)}
      onClose={closeStore}
      actions={
        <>
          {close}
          {wantsServer && <Button onClick={() => openServer(null)}>Connect to a server…</Button>}
          {isOfServer && <Button onClick={() => openServer(address)}>Change the address…</Button>}
          {canCheck ? (
            <Button look="primary" onClick={() => void checkStore(address)}>
              Check this folder…
            </Button>
          ) : (
            <Button look="primary" onClick={() => void openStore(address)}>
              Look again
            </Button>
          )}
        </>
      }
    >
      <Place path={place} />
      <Message kind="error" message={error.message} hint={hintOf(error, canCheck)} />
    </Dialog>
  )
}

function Place({ path }: { readonly path: string }) {
  return (
    <p className="store-place">
      <PathText path={path} />
    </p>
  )
}

function titleOf({ code }: ErrorShape, isFolder: boolean): string {
  if (code === 'locked') return 'In use by another program'
  if (code === 'damaged-file') return 'This folder is damaged'
  if (code === 'unsupported-format') return 'Written by a newer version'
  if (code === 'engine-unavailable') return 'No engine for this folder'
  if (code === 'path-missing') return 'Not there'
  return isFolder ? 'This folder cannot be opened' : 'This store cannot be opened'
}

function hintOf({ hint }: ErrorShape, canCheck: boolean): string | undefined {
  return canCheck ? 'Check it: that changes nothing, and says what can be repaired or saved.' : hint
}
