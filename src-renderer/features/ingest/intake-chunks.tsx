/** Folded away in the intake: how documents are cut, and the way to see it on one of the files. */
import { Rows3 } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Disclosure } from '../../ui/disclosure.tsx'
import type { AskingIntake } from './intake-slice.ts'
import { NodeParserFields } from './node-parser-fields.tsx'
import { describeNodeParser } from './node-parser-text.ts'

export function IntakeChunks({ intake }: { readonly intake: AskingIntake }) {
  const { choice } = intake
  const changeIntake = useApp((state) => state.changeIntake)
  const openPreview = useApp((state) => state.openPreview)
  const isNew = choice.addTo === null
  return (
    <Disclosure
      label="How they are cut"
      summary={isNew ? describeNodeParser(choice.nodeParser) : 'as this knowledge base was built'}
    >
      {isNew ? (
        <NodeParserFields value={choice.nodeParser} onChange={(nodeParser) => changeIntake({ nodeParser })} />
      ) : (
        <p className="field-note">
          All chunks of a knowledge base are cut alike. Choose another node parser for a new one.
        </p>
      )}
      <div className="intake-preview">
        <Button icon={Rows3} onClick={openPreview}>
          Preview the chunks of a file…
        </Button>
      </div>
    </Disclosure>
  )
}
