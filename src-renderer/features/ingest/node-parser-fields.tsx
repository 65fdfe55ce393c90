/** The node parser and its options. What is left empty is LlamaIndex's default, or what fits the model. */
import { nodeParserInputSchema, type NodeParserInput, type NodeParserOptions } from '#contract'
import { Disclosure } from '../../ui/disclosure.tsx'
import { Field } from '../../ui/field.tsx'
import { nodeParserEntry, nodeParsers, sizeFields, type OptionField } from './node-parser-fields-list.ts'
import { OptionInput } from './option-input.tsx'

interface NodeParserFieldsProps {
  readonly value: NodeParserInput
  /** With everything filled in, as the last preview had it. */
  readonly effective?: NodeParserOptions | null
  readonly onChange: (value: NodeParserInput) => void
}

type Values = Readonly<Record<string, unknown>>

export function NodeParserFields({ value, effective, onChange }: NodeParserFieldsProps) {
  const entry = nodeParserEntry(value.className)
  const own: Values = value
  const known: Values = effective?.className === value.className ? effective : {}
  const set = (change: Values): void => {
    const { data } = nodeParserInputSchema.safeParse({ ...value, ...change })
    if (data !== undefined) onChange(data)
  }
  const others: Values = 'otherFiles' in value ? (value.otherFiles ?? {}) : {}
  const main = entry.fields.filter(({ minor }) => !minor)
  const minor = entry.fields.filter((field) => field.minor)
  const inputs = (fields: readonly OptionField[]) =>
    fields.map((field) => (
      <OptionInput
        key={`${value.className} ${field.key}`}
        field={field}
        value={own[field.key]}
        usual={known[field.key]}
        onChange={(option) => set({ [field.key]: option })}
      />
    ))
  return (
    <>
      <Field label="Node parser" note={entry.does}>
        {(ids) => (
          <select
            {...ids}
            className="text-input"
            value={value.className}
            onChange={(event) => {
              const { data } = nodeParserInputSchema.safeParse({ className: event.target.value })
              if (data !== undefined) onChange(data)
            }}
          >
            {nodeParsers.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {main.length > 0 && <div className="field-pair">{inputs(main)}</div>}
      {entry.ofOneKind && (
        <fieldset className="other-files">
          <legend>Files of other kinds: SentenceSplitter</legend>
          <div className="field-pair">
            {sizeFields.map((field) => (
              <OptionInput
                key={field.key}
                field={field}
                value={others[field.key]}
                usual={otherFilesOf(effective)[field.key]}
                onChange={(option) => set({ otherFiles: { ...others, [field.key]: option } })}
              />
            ))}
          </div>
        </fieldset>
      )}
      {minor.length > 0 && (
        <Disclosure label="More options" summary="">
          {inputs(minor)}
        </Disclosure>
      )}
    </>
  )
}

function otherFilesOf(effective: NodeParserOptions | null | undefined): Values {
  return effective && 'otherFiles' in effective ? effective.otherFiles : {}
}
