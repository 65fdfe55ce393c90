/** The dialogs about vector stores: whichever is open. */
import { useApp } from '../../store/use-app.ts'
import { StoreDialog } from './store-dialog.tsx'
import { StoreServerForm } from './store-server-form.tsx'

export function StoreDialogs() {
  const form = useApp((state) => state.storeServerForm)
  return (
    <>
      <StoreDialog />
      {form !== null && <StoreServerForm form={form} />}
    </>
  )
}
