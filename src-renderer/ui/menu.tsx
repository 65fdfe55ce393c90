/** A button with a menu below it: arrows move, Enter chooses, Escape and clicks elsewhere close. */
import type { LucideIcon } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { IconButton } from './button.tsx'
import './menu.css'

export interface MenuItem {
  readonly label: string
  readonly icon: LucideIcon
  readonly onChoose: () => void
}

interface MenuProps {
  readonly label: string
  readonly icon: LucideIcon
  readonly items: readonly MenuItem[]
}

export function Menu({ label, icon, items }: MenuProps) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const trigger = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (!open) return undefined
    list.current?.querySelector('button')?.focus()
    const closeOutside = (event: PointerEvent): void => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener('pointerdown', closeOutside)
    return () => document.removeEventListener('pointerdown', closeOutside)
  }, [open])

  const close = (): void => {
    setOpen(false)
    trigger.current?.focus()
  }

  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = Array.from(list.current?.querySelectorAll('button') ?? [])
    const at = buttons.findIndex((button) => button === document.activeElement)
    if (event.key === 'Escape') {
      event.stopPropagation()
      close()
    } else if (event.key === 'Tab') {
      setOpen(false)
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      buttons[(at + step + buttons.length) % buttons.length]?.focus()
    }
  }

  return (
    <div className="menu" ref={root}>
      <IconButton
        ref={trigger}
        icon={icon}
        label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div className="menu-list" role="menu" aria-label={label} ref={list} onKeyDown={onKeyDown}>
          {items.map(({ label: text, icon: Icon, onChoose }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className="menu-item"
              onClick={() => {
                close()
                onChoose()
              }}
            >
              <Icon size={15} aria-hidden />
              {text}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
