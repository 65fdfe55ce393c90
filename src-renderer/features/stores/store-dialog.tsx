/** What is in a vector store, and which of its collections to open. */
import type { FormEvent } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { PathText } from '../../ui/path-text.tsx'
import { baseName } from '../../ui/paths.ts'
import { Spinner } from '../../ui/progress.tsx'
import { CollectionList } from './collection-list.tsx'
import { StoreTrouble } from './store-trouble.tsx'
import { storeName } from './store-words.ts'
import './stores.css'
import type { StoreOpening } from './stores-slice.ts'

const formId = 'store-form'

export function StoreDialog() {
  const opening = useApp((state) => state.storeOpening)
  const closeStore = useApp((state) => state.closeStore)
  // what is listed says by itself that it is opening
  const isListed = useApp((state) =>
    state.knowledgeBases.some(({ persistDir }) => persistDir === state.storeOpening?.chosen.at(-1)),
  )
  if (opening === null || (opening.step === 'opening' && isListed)) return null
  const { step, inspection, address } = opening
  const place = inspection?.location ?? address
  if (step !== 'choosing')
    return (
      <Dialog
        title={step === 'looking' ? 'Looking at what is inside' : 'Opening'}
        onClose={closeStore}
        actions={<Button onClick={closeStore}>Cancel</Button>}
      >
        <p className="store-place">
          <PathText path={place} />
        </p>
        <p className="store-waiting" role="status">
          <Spinner label="" />
          {step === 'looking' ? 'Looking for collections…' : openingText(opening)}
        </p>
      </Dialog>
    )
  if (inspection === null || inspection.error !== null || inspection.collections.length === 0)
    return <StoreTrouble opening={opening} />
  return <Collections opening={opening} place={place} />
}

function openingText({ inspection, chosen }: StoreOpening): string {
  if (inspection?.version === 'older') return 'Copying the folder, then bringing it up to date…'
  return `Opening ${formatCounted(chosen.length, 'collection', 'collections')}…`
}

function Collections({ opening, place }: { readonly opening: StoreOpening; readonly place: string }) {
  const { inspection, chosen, error } = opening
  const closeStore = useApp((state) => state.closeStore)
  const openChosen = useApp((state) => state.openChosen)
  const chooseCollections = useApp((state) => state.chooseCollections)
  if (inspection === null) return null
  const { collections, kind, folder, version, backupFolder } = inspection
  const older = version === 'older'
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void openChosen()
  }
  const label = chosen.length > 1 ? `${chosen.length} collections` : 'collection'
  return (
    <Dialog
      wide
      title={
        folder === null ? `${storeName(kind)} at ${place}` : `${storeName(kind)} folder “${baseName(folder)}”`
      }
      onClose={closeStore}
      actions={
        <>
          <Button onClick={closeStore}>Cancel</Button>
          <Button look="primary" submit form={formId} disabled={chosen.length === 0}>
            {older ? 'Back up and open' : 'Open'} {label}
          </Button>
        </>
      }
    >
      <p className="store-place">
        <PathText path={place} />
      </p>
      {older && backupFolder !== null && (
        <div className="store-message">
          <Message
            kind="warning"
            message={`An older ${storeName(kind)} wrote this folder. Opening it brings it up to date for good: older versions cannot read it afterwards.`}
            hint={`Before that, the whole folder is copied to ${backupFolder}.`}
          />
        </div>
      )}
      {error !== null && <OpeningFailed error={error} opening={opening} />}
      <form id={formId} onSubmit={submit}>
        <CollectionList collections={collections} chosen={chosen} onChange={chooseCollections} />
      </form>
    </Dialog>
  )
}

function OpeningFailed({
  error,
  opening: { address },
}: {
  readonly error: NonNullable<StoreOpening['error']>
  readonly opening: StoreOpening
}) {
  const openStore = useApp((state) => state.openStore)
  const checkStore = useApp((state) => state.checkStore)
  const openServer = useApp((state) => state.openStoreServer)
  return (
    <div className="store-message">
      <Message kind="error" message={error.message} hint={error.hint}>
        {error.code === 'engine-unavailable' ? (
          <Button onClick={() => openServer(null)}>Connect to a server…</Button>
        ) : (
          <Button onClick={() => void openStore(address)}>Look again</Button>
        )}
        {error.code === 'damaged-file' && (
          <Button onClick={() => void checkStore(address)}>Check this folder…</Button>
        )}
      </Message>
    </div>
  )
}
