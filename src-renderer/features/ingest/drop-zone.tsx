/** Takes drops anywhere in the window, and says while hovering what will happen. */
import { Boxes, FolderPlus, LibraryBig } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useApp, useServices } from '../../store/use-app.ts'
import { readDrop } from '../../transport/dropped-items.ts'
import { classNames } from '../../ui/class-names.ts'
import './drop-zone.css'

type Target = 'new' | 'add' | 'model'

export function DropZone() {
  const { client, store } = useServices()
  const [hovering, setHovering] = useState<{ count: number; target: Target } | null>(null)
  const open = useApp((state) => state.knowledgeBases.find(({ id }) => id === state.selectedId))
  const byUpload = useApp((state) => state.appInfo?.host === 'web')
  const onModels = useApp((state) => state.view === 'models')
  const addTo = !onModels && open !== undefined && open.error === null && !open.readOnly ? open : undefined

  useEffect(() => {
    /** `dragenter` of a child comes before `dragleave` of its parent: counted, so that only leaving the window ends it. */
    let depth = 0
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const targetOf = (event: DragEvent): Target => {
      const place = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-drop]') : null
      const over = place?.dataset.drop
      if (over === 'add' || over === 'model' || over === 'new') return over
      return store.getState().view === 'models' ? 'model' : 'new'
    }

    const onEnter = (event: DragEvent): void => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      depth += 1
      setHovering({ count: event.dataTransfer?.items.length ?? 0, target: targetOf(event) })
    }
    const onOver = (event: DragEvent): void => {
      if (!carriesFiles(event)) return
      event.preventDefault()
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy'
    }
    const onLeave = (event: DragEvent): void => {
      if (!carriesFiles(event)) return
      depth -= 1
      if (depth <= 0) {
        depth = 0
        setHovering(null)
      }
    }
    const onDrop = (event: DragEvent): void => {
      if (!carriesFiles(event) || event.dataTransfer === null) return
      event.preventDefault()
      depth = 0
      setHovering(null)
      const state = store.getState()
      const target = targetOf(event)
      const items = readDrop(client, event.dataTransfer)
      if (target === 'model') void state.addDroppedModel(items)
      else void state.takeInDrop(items, target === 'add' ? state.selectedId : null)
    }

    window.addEventListener('dragenter', onEnter)
    window.addEventListener('dragover', onOver)
    window.addEventListener('dragleave', onLeave)
    window.addEventListener('drop', onDrop)
    return () => {
      window.removeEventListener('dragenter', onEnter)
      window.removeEventListener('dragover', onOver)
      window.removeEventListener('dragleave', onLeave)
      window.removeEventListener('drop', onDrop)
    }
  }, [client, store])

  if (hovering === null) return null
  const things = hovering.count > 1 ? `${hovering.count} things` : 'it'
  return (
    <div className="drop-zone" role="status">
      <div className="drop-zone-targets">
        {onModels && (
          <div
            className={classNames('drop-target', hovering.target === 'model' && 'drop-target-over')}
            data-drop="model"
          >
            <Boxes size={34} strokeWidth={1.6} aria-hidden />
            <strong>Add an embedding model</strong>
            <p>Drop the folder of a model in ONNX format here. What is in it is read before it is used.</p>
          </div>
        )}
        <div
          className={classNames('drop-target', hovering.target === 'new' && 'drop-target-over')}
          data-drop="new"
        >
          <FolderPlus size={34} strokeWidth={1.6} aria-hidden />
          <strong>New knowledge base</strong>
          <p>Drop {things} here. You will see what is inside before anything is indexed.</p>
        </div>
        {addTo !== undefined && (
          <div
            className={classNames('drop-target', hovering.target === 'add' && 'drop-target-over')}
            data-drop="add"
          >
            <LibraryBig size={34} strokeWidth={1.6} aria-hidden />
            <strong>Add to “{addTo.name}”</strong>
            <p>Drop {things} here to index into the knowledge base on screen.</p>
          </div>
        )}
      </div>
      <p className="drop-zone-note">
        A storage folder that LlamaIndex wrote and a Chroma folder open as they are; the folder of an
        embedding model is added to the models.
        {byUpload && ' In a browser, what you drop is copied first; choose a folder to use it where it is.'}
      </p>
    </div>
  )
}
