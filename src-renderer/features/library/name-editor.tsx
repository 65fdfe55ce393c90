/** The name of a knowledge base, in place, as a text field: Enter keeps, Escape leaves it as it was. */
import { useRef, useState } from 'react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'

interface NameEditorProps {
  readonly knowledgeBase: KnowledgeBase
  readonly onDone: () => void
}

export function NameEditor({ knowledgeBase, onDone }: NameEditorProps) {
  const rename = useApp((state) => state.rename)
  const [name, setName] = useState(knowledgeBase.name)
  const given = useRef(false)

  const keep = (): void => {
    if (given.current) return
    given.current = true
    const trimmed = name.trim()
    if (trimmed !== '' && trimmed !== knowledgeBase.name) void rename(knowledgeBase.id, trimmed)
    onDone()
  }

  return (
    <input
      className="name-editor"
      aria-label="Name of the knowledge base"
      autoFocus
      maxLength={200}
      value={name}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setName(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => {
        if (event.key === 'Enter') keep()
        if (event.key === 'Escape') {
          given.current = true
          onDone()
        }
      }}
    />
  )
}
