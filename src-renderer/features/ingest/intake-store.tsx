/** Folded away in the intake of a new knowledge base: where its vectors go. */
import { FolderInput } from 'lucide-react'
import type { StoreMetric } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Disclosure } from '../../ui/disclosure.tsx'
import { Field } from '../../ui/field.tsx'
import { baseName } from '../../ui/paths.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { firstStore, isStoreComplete, type StoreChoice } from './intake-choice.ts'
import type { AskingIntake } from './intake-slice.ts'

export function IntakeStore({ intake }: { readonly intake: AskingIntake }) {
  const { choice } = intake
  const { store } = choice
  const changeIntake = useApp((state) => state.changeIntake)
  return (
    <Disclosure label="Where the vectors go" summary={summaryOf(store)} open={store !== null}>
      <Segmented
        label="Where the vectors go"
        value={store === null ? 'folder' : 'chroma'}
        options={[
          { value: 'folder', label: 'Storage folder' },
          { value: 'chroma', label: 'Chroma collection' },
        ]}
        onChange={(value) => changeIntake({ store: value === 'folder' ? null : firstStore(choice) })}
      />
      {store === null ? (
        <p className="field-note intake-store-note">
          Into the JSON files of the storage folder, as LlamaIndex persists them. Right for most.
        </p>
      ) : (
        <StoreFields store={store} />
      )}
    </Disclosure>
  )
}

function StoreFields({ store }: { readonly store: StoreChoice }) {
  const { at, collection, metric } = store
  const changeIntake = useApp((state) => state.changeIntake)
  const choosePaths = useApp((state) => state.choosePaths)
  const change = (part: Partial<StoreChoice>): void => changeIntake({ store: { ...store, ...part } })
  const isServer = isServerAddress(at)

  const choose = async (): Promise<void> => {
    const [folder] = (await choosePaths('store-folder')) ?? []
    if (folder !== undefined) change({ at: folder })
  }

  return (
    <>
      <Field
        label="Chroma folder or server"
        note={
          isServer
            ? 'The vectors and the text of your files are sent to this server.'
            : 'A Chroma folder, made when it is not there; or the address of a server, http://…'
        }
      >
        {(ids) => (
          <div className="field-row">
            <input
              {...ids}
              className="text-input"
              required
              spellCheck={false}
              value={at}
              onChange={(event) => change({ at: event.target.value })}
            />
            <Button icon={FolderInput} onClick={() => void choose()}>
              Choose…
            </Button>
          </div>
        )}
      </Field>
      <div className="field-pair">
        <Field
          label="Collection"
          note={isStoreComplete(store) ? undefined : 'Three or more letters, digits, dots or dashes.'}
        >
          {(ids) => (
            <input
              {...ids}
              className="text-input"
              spellCheck={false}
              maxLength={512}
              placeholder="named like the index"
              value={collection}
              onChange={(event) => change({ collection: event.target.value })}
            />
          )}
        </Field>
        <Field label="Metric">
          {(ids) => (
            <select
              {...ids}
              className="text-input"
              value={metric ?? ''}
              onChange={(event) =>
                change({ metric: metrics.find(({ value }) => value === event.target.value)?.value ?? null })
              }
            >
              <option value="">Default (squared L2)</option>
              {metrics.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <p className="field-note intake-store-note">
        The documents and the record of your files go into the storage folder, as LlamaIndex keeps them beside
        Chroma.
      </p>
    </>
  )
}

const metrics: readonly { readonly value: StoreMetric; readonly label: string }[] = [
  { value: 'cosine', label: 'Cosine' },
  { value: 'ip', label: 'Inner product' },
  { value: 'l2', label: 'Squared L2' },
]

function isServerAddress(at: string): boolean {
  return /^(chroma\+)?https?:/i.test(at.trim())
}

function summaryOf(store: StoreChoice | null): string {
  if (store === null) return 'in the storage folder'
  const place = isServerAddress(store.at) ? 'on a Chroma server' : `in ${baseName(store.at)}`
  const name = store.collection.trim()
  return name === '' ? `a collection ${place}` : `collection ${name} ${place}`
}
