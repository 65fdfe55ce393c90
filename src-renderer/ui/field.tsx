/** A labelled form field with a note below it. */
import { useId, type ReactNode } from 'react'
import './field.css'

interface FieldProps {
  readonly label: string
  readonly note?: ReactNode
  /** Gets the ids that tie the control to its label and its note. */
  readonly children: (ids: { id: string; 'aria-describedby'?: string }) => ReactNode
}

export function Field({ label, note, children }: FieldProps) {
  const id = useId()
  const noteId = `${id}-note`
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(note === undefined ? { id } : { id, 'aria-describedby': noteId })}
      {note !== undefined && (
        <p className="field-note" id={noteId}>
          {note}
        </p>
      )}
    </div>
  )
}
