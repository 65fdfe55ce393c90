/** One option of a node parser; emptied, it is the default again. */
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field } from '../../ui/field.tsx'
import { LinesInput } from '../../ui/lines-input.tsx'
import { NumberInput } from '../../ui/number-input.tsx'
import { escapeText, unescapeText } from './escapes.ts'
import type { OptionField } from './node-parser-fields-list.ts'

interface OptionInputProps {
  readonly field: OptionField
  /** Undefined: the default. */
  readonly value: unknown
  /** The default, where it is known. */
  readonly usual: unknown
  readonly onChange: (value: number | string | boolean | string[] | undefined) => void
}

export function OptionInput({ field, value, usual, onChange }: OptionInputProps) {
  const { kind, label, minimum = 0, choices = [], empty = 'default' } = field
  if (kind === 'flag')
    return (
      <div className="option-flag">
        <Checkbox checked={value === true} onChange={(checked) => onChange(checked || undefined)}>
          {label}
        </Checkbox>
      </div>
    )
  return (
    <Field label={label}>
      {(ids) => {
        if (kind === 'count')
          return (
            <NumberInput
              {...ids}
              minimum={minimum}
              value={typeof value === 'number' ? value : null}
              placeholder={typeof usual === 'number' ? String(usual) : empty}
              onChange={(count) => onChange(count ?? undefined)}
            />
          )
        if (kind === 'choice')
          return (
            <select
              {...ids}
              className="text-input"
              value={typeof value === 'string' ? value : ''}
              onChange={(event) => onChange(event.target.value || undefined)}
            >
              <option value="">
                {choices.find((choice) => choice.value === usual)?.label ?? 'What fits the model'}
              </option>
              {choices.map((choice) => (
                <option key={choice.value} value={choice.value}>
                  {choice.label}
                </option>
              ))}
            </select>
          )
        if (kind === 'lines')
          return (
            <LinesInput
              {...ids}
              value={textsOf(value).map(escapeText)}
              placeholder={textsOf(usual).map(escapeText).join('\n')}
              onChange={(lines) => onChange(lines.length === 0 ? undefined : lines.map(unescapeText))}
            />
          )
        return (
          <input
            {...ids}
            className="text-input option-text"
            spellCheck={false}
            value={typeof value === 'string' ? escapeText(value) : ''}
            placeholder={typeof usual === 'string' ? shownSpaces(escapeText(usual)) : empty}
            onChange={(event) => onChange(unescapeText(event.target.value) || undefined)}
          />
        )
      }}
    </Field>
  )
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : []
}

/** A text of nothing but spaces would look empty. */
function shownSpaces(text: string): string {
  return /^ +$/.test(text) ? 'a space' : text
}
