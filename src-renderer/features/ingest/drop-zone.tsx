/** Takes drops anywhere in the window, and says while hovering what will happen. */
import { FolderPlus, LibraryBig } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useApp, useServices } from '../../store/use-app.ts'
import { readDrop } from '../../transport/dropped-items.ts'
import { classNames } from '../../ui/class-names.ts'
import './drop-zone.css'

type Target = 'new' | 'add'

export function DropZone() {
  const { client, store } = useServices()
  const [hovering, setHovering] = useState<{ count: number; target: Target } | null>(null)
  const open = useApp((state) => state.knowledgeBases.find(({ id }) => id === state.selectedId))
  const byUpload = useApp((state) => state.appInfo?.host === 'web')
  const addTo = open !== undefined && open.error === null && !open.readOnly ? open : undefined

  useEffect(() => {
    /** `dragenter` of a child comes before `dragleave` of its parent: counted, so that only leaving the window ends it. */
    let depth = 0
    const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const targetOf = (event: DragEvent): Target =>
      event.target instanceof Element && event.target.closest('[data-drop="add"]') !== null ? 'add' : 'new'

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
      const proposed = targetOf(event) === 'add' ? state.selectedId : null
      void state.takeInDrop(readDrop(client, event.dataTransfer), proposed)
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
        A storage folder that LlamaIndex wrote opens as it is.
        {byUpload && ' In a browser, what you drop is copied first; choose a folder to index it where it is.'}
      </p>
    </div>
  )
}
