/** A list of short texts, one a line; empty lines do not count. */
import { useState } from 'react'

interface LinesInputProps {
  readonly id: string
  readonly 'aria-describedby'?: string
  readonly value: readonly string[]
  readonly placeholder?: string | undefined
  readonly rows?: number
  readonly onChange: (lines: string[]) => void
}

export function LinesInput({ value, onChange, rows = 2, ...rest }: LinesInputProps) {
  // what is typed, with line breaks that do not count yet
  const [text, setText] = useState(value.join('\n'))
  return (
    <textarea
      {...rest}
      className="text-input lines-input"
      rows={Math.min(Math.max(rows, text.split('\n').length), 8)}
      spellCheck={false}
      value={text}
      onChange={(event) => {
        setText(event.target.value)
        onChange(event.target.value.split('\n').filter((line) => line.trim() !== ''))
      }}
    />
  )
}
