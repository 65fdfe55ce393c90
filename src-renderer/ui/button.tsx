/** Buttons: with a label, or an icon that carries its label for screen readers and as a tooltip. */
import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, Ref } from 'react'
import './button.css'
import { classNames } from './class-names.ts'

type NativeButton = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'>

interface ButtonProps extends NativeButton {
  readonly look?: 'plain' | 'primary' | 'quiet'
  readonly icon?: LucideIcon
  readonly submit?: boolean
  readonly ref?: Ref<HTMLButtonElement>
}

export function Button({ look = 'plain', icon: Icon, submit, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type={submit ? 'submit' : 'button'}
      className={classNames('button', `button-${look}`, className)}
      {...rest}
    >
      {Icon && <Icon size={15} aria-hidden />}
      {children}
    </button>
  )
}

interface IconButtonProps extends NativeButton {
  readonly icon: LucideIcon
  readonly label: string
  readonly ref?: Ref<HTMLButtonElement>
}

export function IconButton({ icon: Icon, label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      className={classNames('icon-button', className)}
      aria-label={label}
      title={label}
      {...rest}
    >
      <Icon size={16} aria-hidden />
    </button>
  )
}
