/** The app's settings: appearance, the models at hand, and what this program is. */
import type { EmbedModelInfo } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Keys } from '../../ui/keys.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import './settings-dialog.css'

const themes = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

const shortcuts = [
  { keys: ['Mod', 'K'], does: 'Search' },
  { keys: ['Mod', 'O'], does: 'New knowledge base' },
  { keys: ['Mod', 'Shift', 'O'], does: 'Open a storage folder' },
  { keys: ['Mod', 'Shift', 'E'], does: 'Embedding models' },
  { keys: ['↑', '↓'], does: 'Move through the results' },
  { keys: ['Enter'], does: 'Show the source' },
]

export function SettingsDialog() {
  const theme = useApp((state) => state.theme)
  const setTheme = useApp((state) => state.setTheme)
  const showSettings = useApp((state) => state.showSettings)
  const showView = useApp((state) => state.showView)
  const models = useApp((state) => state.models)
  const appInfo = useApp((state) => state.appInfo)
  return (
    <Dialog title="Settings" onClose={() => showSettings(false)}>
      <section className="settings-section">
        <h3>Appearance</h3>
        <Segmented
          label="Appearance"
          value={theme}
          options={themes}
          onChange={(value) => void setTheme(value)}
        />
      </section>
      <section className="settings-section">
        <h3>Embedding models</h3>
        <div className="settings-models">
          <p>{namesOf(models)}</p>
          <Button onClick={() => showView('models')}>Manage models…</Button>
        </div>
      </section>
      <section className="settings-section">
        <h3>Keyboard</h3>
        <dl className="settings-keys">
          {shortcuts.map(({ keys, does }) => (
            <div key={does}>
              <dt>{does}</dt>
              <dd>
                <Keys keys={keys} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
      {appInfo !== null && (
        <section className="settings-section">
          <h3>About</h3>
          <p className="settings-about">
            Stackroom {appInfo.version}
            <br />
            Its own data are in <span className="breakable">{appInfo.dataFolder}</span>
          </p>
        </section>
      )}
    </Dialog>
  )
}

/** The ones that run here by name, the others counted. */
function namesOf(models: readonly EmbedModelInfo[]): string {
  const local = models.filter(({ offline }) => offline).map(({ name }) => name)
  const remote = models.length - local.length
  const names = local.join(', ')
  return remote === 0 ? names : `${names}, and ${formatCounted(remote, 'model', 'models')} on servers`
}
