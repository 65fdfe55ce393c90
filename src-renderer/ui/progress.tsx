/** How far something is: a bar, a small ring, and a spinner for what cannot be measured. `null` is “not known yet”. */
import type { CSSProperties } from 'react'
import { classNames } from './class-names.ts'
import './progress.css'

interface ProgressProps {
  readonly fraction: number | null
  readonly label: string
}

declare module 'react' {
  interface CSSProperties {
    '--fraction'?: number
  }
}

const fractionStyle = (fraction: number | null): CSSProperties => ({ '--fraction': fraction ?? 0 })

function progressAttributes({ fraction, label }: ProgressProps) {
  return {
    role: 'progressbar',
    'aria-label': label,
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    ...(fraction === null ? {} : { 'aria-valuenow': Math.round(fraction * 100) }),
  }
}

export function ProgressBar(props: ProgressProps) {
  return (
    <div
      className={classNames('progress-bar', props.fraction === null && 'progress-unknown')}
      {...progressAttributes(props)}
    >
      <div className="progress-bar-fill" style={fractionStyle(props.fraction)} />
    </div>
  )
}

export function ProgressRing(props: ProgressProps) {
  return (
    <svg
      className={classNames('progress-ring', props.fraction === null && 'progress-unknown')}
      viewBox="0 0 16 16"
      {...progressAttributes(props)}
    >
      <circle className="progress-ring-track" cx="8" cy="8" r="6" pathLength="1" />
      <circle
        className="progress-ring-fill"
        cx="8"
        cy="8"
        r="6"
        pathLength="1"
        style={fractionStyle(props.fraction)}
      />
    </svg>
  )
}

export function Spinner({ label }: { readonly label: string }) {
  return <span className="spinner" role="status" aria-label={label} />
}
