/** Whether text leaves this computer, and where to. */
import { Laptop, Send } from 'lucide-react'
import { Badge } from '../../ui/badge.tsx'

interface WhereBadgeProps {
  readonly offline: boolean
  /** Where text would be sent. */
  readonly host?: string | undefined
}

export function WhereBadge({ offline, host }: WhereBadgeProps) {
  if (offline) {
    return (
      <Badge look="good" icon={Laptop}>
        On this computer
      </Badge>
    )
  }
  return (
    <Badge icon={Send} look="warning">
      {host === undefined ? 'Sends text to a server' : `Sends text to ${host}`}
    </Badge>
  )
}
