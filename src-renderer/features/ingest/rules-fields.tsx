/** Which files of a source are read: globs, size, and what is left out by default. */
import type { SourceRules } from '#contract'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field } from '../../ui/field.tsx'
import { LinesInput } from '../../ui/lines-input.tsx'
import { NumberInput } from '../../ui/number-input.tsx'

interface RulesFieldsProps {
  readonly rules: SourceRules
  readonly onChange: (change: Partial<SourceRules>) => void
}

const bytesPerMegabyte = 1_000_000

export function RulesFields({ rules, onChange }: RulesFieldsProps) {
  const { include, exclude, gitignore, hidden, programFolders, maximumBytes } = rules
  return (
    <>
      <div className="field-pair">
        <Field label="Only files that match" note="Patterns, one a line. Empty: all files.">
          {(ids) => (
            <LinesInput
              {...ids}
              value={include}
              placeholder={'*.md\nreports/**/*.pdf'}
              onChange={(include) => onChange({ include })}
            />
          )}
        </Field>
        <Field label="Leave out what matches" note="Of files and folders.">
          {(ids) => (
            <LinesInput
              {...ids}
              value={exclude}
              placeholder={'drafts/**\n*.min.js'}
              onChange={(exclude) => onChange({ exclude })}
            />
          )}
        </Field>
      </div>
      <div className="field-pair">
        <Field label="Largest file, in MB" note="Larger ones are left out.">
          {(ids) => (
            <NumberInput
              {...ids}
              minimum={1}
              value={maximumBytes === null ? null : Math.ceil(maximumBytes / bytesPerMegabyte)}
              placeholder="as their kind allows"
              onChange={(megabytes) =>
                onChange({ maximumBytes: megabytes === null ? null : megabytes * bytesPerMegabyte })
              }
            />
          )}
        </Field>
      </div>
      <div className="rules-ticks">
        <Checkbox checked={hidden} onChange={(hidden) => onChange({ hidden })}>
          Read hidden files and folders
        </Checkbox>
        <Checkbox checked={programFolders} onChange={(programFolders) => onChange({ programFolders })}>
          Read folders that programs fill, such as node_modules
        </Checkbox>
        <Checkbox checked={gitignore} onChange={(gitignore) => onChange({ gitignore })}>
          Leave out what .gitignore names; .stackroomignore always counts
        </Checkbox>
      </div>
    </>
  )
}
