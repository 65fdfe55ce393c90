/** Something most people need not see, folded away behind a line that says what is in there. */
import { ChevronRight } from 'lucide-react'
import { useState, type ReactNode } from 'react'
import './disclosure.css'

interface DisclosureProps {
  readonly label: string
  /** What holds now, in a few words. */
  readonly summary: string
  /** At first; then the user has it. */
  readonly open?: boolean
  readonly children: ReactNode
}

export function Disclosure({ label, summary, open = false, children }: DisclosureProps) {
  const [atFirst] = useState(open)
  return (
    <details className="disclosure" open={atFirst}>
      <summary>
        <ChevronRight size={14} aria-hidden />
        <span className="disclosure-label">{label}</span>
        <span className="disclosure-summary">{summary}</span>
      </summary>
      <div className="disclosure-body">{children}</div>
    </details>
  )
}
