/** What went wrong, or what to know: a sentence, what to do about it, and buttons. */
import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'
import './message.css'

interface MessageProps {
  readonly kind: 'error' | 'warning' | 'info'
  readonly message: string
  readonly hint?: string | undefined
  /** Fills its place and stands in its middle. */
  readonly large?: boolean
  readonly children?: ReactNode
}

const icons = { error: CircleAlert, warning: TriangleAlert, info: Info }

export function Message({ kind, message, hint, large, children }: MessageProps) {
  const Icon = icons[kind]
  return (
    <div
      className={classNames('message', `message-${kind}`, large && 'message-large')}
      role={kind === 'error' ? 'alert' : undefined}
    >
      <Icon className="message-icon" size={large ? 26 : 16} aria-hidden />
      <div className="message-text">
        <p className="message-sentence">{message}</p>
        {hint !== undefined && <p className="message-hint">{hint}</p>}
        {children !== undefined && <div className="message-actions">{children}</div>}
      </div>
    </div>
  )
}
