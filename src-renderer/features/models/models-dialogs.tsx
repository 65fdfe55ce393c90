/** The dialogs about models and servers: whichever is open. */
import { useApp } from '../../store/use-app.ts'
import './models-dialogs.css'
import { ModelPicker } from './model-picker.tsx'
import { ModelSettingsDialog } from './model-settings-dialog.tsx'
import { RemoveServerDialog } from './remove-server-dialog.tsx'
import { ServerForm } from './server-form.tsx'

export function ModelsDialogs() {
  const serverForm = useApp((state) => state.serverForm)
  const modelPicker = useApp((state) => state.modelPicker)
  const removingServer = useApp((state) => state.removingServer)
  const edited = useApp((state) => state.editedModel)
  const model = useApp((state) => state.models.find(({ id }) => id === state.editedModel?.id))
  return (
    <>
      {serverForm !== null && <ServerForm form={serverForm} />}
      {modelPicker !== null && <ModelPicker picker={modelPicker} />}
      {removingServer !== null && <RemoveServerDialog name={removingServer} />}
      {edited !== null && model !== undefined && (
        <ModelSettingsDialog key={model.id} model={model} saving={edited.saving} error={edited.error} />
      )}
    </>
  )
}
