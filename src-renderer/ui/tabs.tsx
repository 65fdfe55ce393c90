/** Views of one thing, one of them shown: tabs in their manners and their keys. */
import type { KeyboardEvent } from 'react'
import { classNames } from './class-names.ts'
import './tabs.css'

export interface Tab<Value extends string> {
  readonly value: Value
  readonly label: string
  /** Something waits there for the user. */
  readonly calls?: boolean
}

interface TabsProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly tabs: readonly Tab<Value>[]
  readonly onChange: (value: Value) => void
  /** Of the element that shows what the tab stands for. */
  readonly panelId: string
}

export function Tabs<Value extends string>({ label, value, tabs, onChange, panelId }: TabsProps<Value>) {
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = tabs.findIndex((tab) => tab.value === value)
    const next = (at + step + tabs.length) % tabs.length
    const tab = tabs[next]
    if (tab !== undefined) onChange(tab.value)
    event.currentTarget.querySelectorAll('button')[next]?.focus()
  }
  return (
    <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKeyDown}>
      {tabs.map((tab) => (
        <button
          key={tab.value}
          type="button"
          role="tab"
          className={classNames('tab', tab.value === value && 'tab-selected')}
          aria-selected={tab.value === value}
          aria-controls={tab.value === value ? panelId : undefined}
          tabIndex={tab.value === value ? 0 : -1}
          onClick={() => onChange(tab.value)}
        >
          {tab.label}
          {tab.calls && <span className="tab-calls" role="img" aria-label="needs an answer" />}
        </button>
      ))}
    </div>
  )
}
