/** A button with a small panel below it: Escape and clicks elsewhere close it, and the focus goes back to the button. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { classNames } from './class-names.ts'
import './popover.css'

interface PopoverProps {
  /** What the button shows. */
  readonly face: ReactNode
  /** What the button is called, where its face does not say it. */
  readonly label?: string
  /** Of the panel. */
  readonly title: string
  /** The panel's side that lies below the button's. */
  readonly side?: 'left' | 'right'
  readonly className?: string
  readonly children: (close: () => void) => ReactNode
}

export function Popover({ face, label, title, side = 'left', className, children }: PopoverProps) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const trigger = useRef<HTMLButtonElement>(null)
  const panelId = useId()

  useEffect(() => {
    if (!open) return undefined
    panel.current?.querySelector<HTMLElement>('input, button, select')?.focus()
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener('pointerdown', closeOutside)
    document.addEventListener('focusin', closeOutside)
    return () => {
      document.removeEventListener('pointerdown', closeOutside)
      document.removeEventListener('focusin', closeOutside)
    }
  }, [open])

  return (
    <div className="popover" ref={root}>
      <button
        ref={trigger}
        type="button"
        className={classNames('popover-face', open && 'popover-open', className)}
        aria-label={label}
        title={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? panelId : undefined}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && (
        <div
          ref={panel}
          id={panelId}
          className={classNames('popover-panel', `popover-${side}`)}
          role="dialog"
          aria-label={title}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.stopPropagation()
            setOpen(false)
            trigger.current?.focus()
          }}
        >
          {children(() => setOpen(false))}
        </div>
      )}
    </div>
  )
}
