/** A modal dialog on the browser's own <dialog>: focus stays inside, Escape closes, focus returns afterwards. */
import { X } from 'lucide-react'
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { IconButton } from './button.tsx'
import { classNames } from './class-names.ts'
import './dialog.css'

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly wide?: boolean
  /** As large as the window allows, for something to read. */
  readonly large?: boolean
  readonly children: ReactNode
  /** Buttons at the bottom, the most likely last. */
  readonly actions?: ReactNode
}

export function Dialog({ title, onClose, wide, large, children, actions }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  // before it leaves the page, or the focus would not go back to where it was
  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    // for React’s autoFocus the dialog is still closed
    element?.querySelector<HTMLElement>('[data-autofocus]')?.focus()
    return () => element?.close()
  }, [])

  return (
    <dialog
      ref={dialog}
      className={classNames('dialog', wide && 'dialog-wide', large && 'dialog-large')}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <header className="dialog-header">
        <h2 id={titleId}>{title}</h2>
        <IconButton icon={X} label="Close" onClick={onClose} />
      </header>
      <div className="dialog-body">{children}</div>
      {actions !== undefined && <footer className="dialog-actions">{actions}</footer>}
    </dialog>
  )
}
