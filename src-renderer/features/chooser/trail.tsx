/** Where one is: each folder on the way as a button, or the whole path as a text field to type into. */
import { ChevronRight, Pencil } from 'lucide-react'
import { Fragment, useEffect, useRef, useState } from 'react'
import { IconButton } from '../../ui/button.tsx'
import { ancestors } from '../../ui/paths.ts'

interface TrailProps {
  readonly path: string
  readonly onGo: (path: string) => void
}

export function Trail({ path, onGo }: TrailProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const end = useRef<HTMLDivElement>(null)

  useEffect(() => {
    // the innermost folders matter most
    end.current?.scrollTo({ left: end.current.scrollWidth })
  }, [path])

  if (typed !== null) {
    return (
      <form
        className="chooser-path"
        onSubmit={(event) => {
          event.preventDefault()
          if (typed.trim() !== '') onGo(typed.trim())
          setTyped(null)
        }}
      >
        <input
          className="text-input"
          aria-label="Path of a folder"
          autoFocus
          spellCheck={false}
          value={typed}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => setTyped(null)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.preventDefault()
            event.stopPropagation()
            setTyped(null)
          }}
        />
      </form>
    )
  }
  const trail = ancestors(path)
  return (
    <>
      <nav className="chooser-trail" aria-label="Folder" ref={end}>
        {trail.map((folder, index) => (
          <Fragment key={folder.path}>
            {index > 0 && <ChevronRight size={12} aria-hidden />}
            <button
              type="button"
              aria-current={index === trail.length - 1 ? 'location' : undefined}
              onClick={() => onGo(folder.path)}
            >
              {folder.name === '/' ? 'Computer' : folder.name}
            </button>
          </Fragment>
        ))}
      </nav>
      <IconButton icon={Pencil} label="Type a path" onClick={() => setTyped(path)} />
    </>
  )
}
