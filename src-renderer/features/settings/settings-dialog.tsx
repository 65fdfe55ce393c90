/** The app's settings: appearance, the models at hand, and what this program is. */
import { useApp } from '../../store/use-app.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Keys } from '../../ui/keys.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { describeModel } from '../models/describe-model.ts'
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
  { keys: ['↑', '↓'], does: 'Move through the results' },
  { keys: ['Enter'], does: 'Show the source' },
]

export function SettingsDialog() {
  const theme = useApp((state) => state.theme)
  const setTheme = useApp((state) => state.setTheme)
  const showSettings = useApp((state) => state.showSettings)
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
        <ul className="settings-models">
          {models.map((model) => (
            <li key={model.id}>
              <div>
                <strong>{model.name}</strong>
                <span className={model.offline ? 'badge badge-good' : 'badge'}>
                  {model.offline ? 'On this computer' : 'Sends text away'}
                </span>
              </div>
              <p>{describeModel(model)}</p>
            </li>
          ))}
        </ul>
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
