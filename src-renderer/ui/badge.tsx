/** A word or two beside a name that say what kind of thing it is, or how it is. */
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import './badge.css'
import { classNames } from './class-names.ts'

interface BadgeProps {
  readonly look?: 'plain' | 'good' | 'warning' | 'danger'
  readonly icon?: LucideIcon
  readonly children: ReactNode
}

export function Badge({ look = 'plain', icon: Icon, children }: BadgeProps) {
  return (
    <span className={classNames('badge', look !== 'plain' && `badge-${look}`)}>
      {Icon && <Icon size={12} aria-hidden />}
      {children}
    </span>
  )
}
