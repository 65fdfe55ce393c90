/** Folded away in the intake: which files are read, whether they are watched, and text in pictures. */
import { useApp } from '../../store/use-app.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Disclosure } from '../../ui/disclosure.tsx'
import type { AskingIntake } from './intake-slice.ts'
import { RulesFields } from './rules-fields.tsx'
import { describeRules } from './rules-text.ts'

export function IntakeFiles({ intake }: { readonly intake: AskingIntake }) {
  const { rules, recognizeText } = intake.choice
  const changeIntake = useApp((state) => state.changeIntake)
  const described = [describeRules(rules), recognizeText === true && 'text in pictures too']
    .filter(Boolean)
    .join(', ')
  return (
    <Disclosure
      label="Which files"
      summary={described || 'all that can be read'}
      open={intake.inspection.readableFiles === 0 || undefined}
    >
      <RulesFields rules={rules} onChange={(change) => changeIntake({ rules: { ...rules, ...change } })} />
      <div className="rules-ticks">
        <Checkbox
          checked={recognizeText === true}
          onChange={(checked) => changeIntake({ recognizeText: checked || null })}
        >
          Read English text in pictures and scanned pages (OCR): slow, a second or more for each
        </Checkbox>
      </div>
    </Disclosure>
  )
}
