/** A whole number, or nothing where something else decides. */
interface NumberInputProps {
  readonly id: string
  readonly 'aria-describedby'?: string
  readonly value: number | null
  readonly minimum: number
  readonly maximum?: number
  readonly placeholder?: string | undefined
  readonly onChange: (value: number | null) => void
}

export function NumberInput({ value, minimum, maximum = 10_000_000, onChange, ...rest }: NumberInputProps) {
  return (
    <input
      {...rest}
      className="text-input number-input"
      type="number"
      inputMode="numeric"
      step={1}
      value={value ?? ''}
      onChange={({ target: { valueAsNumber } }) =>
        onChange(
          Number.isNaN(valueAsNumber)
            ? null
            : Math.min(Math.max(Math.trunc(valueAsNumber), minimum), maximum),
        )
      }
    />
  )
}
