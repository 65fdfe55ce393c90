/** The window's own browser of the machine's folders, where the host has no native dialogs. */
import { useApp } from '../../store/use-app.ts'
import { ChooserDialog } from './chooser-dialog.tsx'

export function Chooser() {
  const chooser = useApp((state) => state.chooser)
  return chooser === null ? null : <ChooserDialog key={chooser.kind} chooser={chooser} />
}
