/** Asks before text leaves this computer: what would be sent, where to, and for how much. */
import { Checkbox } from '../../ui/checkbox.tsx'

interface ConsentBoxProps {
  /** “About 310,000 tokens, about $0.01.” */
  readonly figures?: string | undefined
  /** What is sent, as the object of a sentence: “the text of these 12 files”. */
  readonly what: string
  readonly host: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}

export function ConsentBox({ figures, what, host, checked, onChange }: ConsentBoxProps) {
  return (
    <div className="consent">
      {figures !== undefined && <p className="consent-figures">{figures}</p>}
      <p>This model does not run on this computer. Nothing has been sent yet.</p>
      <Checkbox checked={checked} onChange={onChange}>
        Send {what} to {host}
      </Checkbox>
    </div>
  )
}
