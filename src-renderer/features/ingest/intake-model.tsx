/** What indexing with the chosen model takes: tokens, cost and time, and the consent where text leaves this computer. */
import { useEffect } from 'react'
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { formatCounted } from '../../ui/format.ts'
import { Message } from '../../ui/message.tsx'
import { Spinner } from '../../ui/progress.tsx'
import { hasKey } from '../models/consent.ts'
import { ConsentBox } from '../models/consent-box.tsx'
import { estimateSentence } from '../models/model-facts.ts'
import { serverLabel } from '../models/server-labels.ts'
import { consentServer, intakeModel } from './intake-choice.ts'
import type { AskingIntake } from './intake-slice.ts'

export function IntakeModel({ intake }: { readonly intake: AskingIntake }) {
  const { choice, inspection } = intake
  const id = useApp((state) => intakeModel(choice, state.knowledgeBases))
  const model = useApp((state) => state.models.find((other) => other.id === id))
  const asked = useApp((state) => consentServer(state, choice))
  const servers = useApp((state) => state.servers)
  const estimate = useApp((state) => state.estimate)
  const changeIntake = useApp((state) => state.changeIntake)
  const openServerForm = useApp((state) => state.openServerForm)
  useMeasuring(id)
  if (model === undefined) return null

  if (!hasKey(model, servers)) {
    const label = serverLabel(model.server ?? '')
    return (
      <Message kind="warning" message={`${label} needs a key, and there is none.`}>
        <Button onClick={() => openServerForm(model.server ?? null)}>Enter the key…</Button>
      </Message>
    )
  }
  const figures = estimate?.model === id ? estimate : null
  const result = figures?.result ?? null
  const error = figures?.error ?? null
  if (asked === null) {
    if (error !== null) return <Message kind="warning" message={error.message} hint={error.hint} />
    if (result === null) return figures === null ? null : <Counting />
    return (
      <p className="intake-estimate" role="status">
        {estimateSentence(result)}
        {result.host !== null && ` Sent to ${result.host}, as you allowed before.`}
      </p>
    )
  }
  if (result === null && error === null) return <Counting />
  const files = result?.files ?? inspection.readableFiles
  return (
    <ConsentBox
      figures={
        result === null ? `How much it is cannot be said: ${error?.message}` : estimateSentence(result)
      }
      what={`the text of ${theseFiles(inspection.truncated, files)}, and of my questions to this knowledge base,`}
      host={servers.find(({ name }) => name === asked)?.host ?? asked}
      checked={choice.consent}
      onChange={(consent) => changeIntake({ consent })}
    />
  )
}

function Counting() {
  return (
    <p className="intake-estimate" role="status">
      <Spinner label="" /> Working out what it takes…
    </p>
  )
}

function theseFiles(truncated: boolean, files: number): string {
  return truncated
    ? 'all these files'
    : files === 1
      ? 'this file'
      : `these ${formatCounted(files, 'file', 'files')}`
}

/** A model on this machine whose speed is not known is measured while the user reads the dialog. */
function useMeasuring(id: string | null): void {
  const unmeasured = useApp((state) => {
    const model = state.models.find((other) => other.id === id)
    return model !== undefined && model.server === undefined && model.textsPerSecond === undefined
  })
  const measureModel = useApp((state) => state.measureModel)
  const estimateIntake = useApp((state) => state.estimateIntake)
  useEffect(() => {
    if (id === null || !unmeasured) return undefined
    const controller = new AbortController()
    void measureModel(id, controller.signal).then(() => {
      if (!controller.signal.aborted) void estimateIntake()
    })
    return () => controller.abort()
  }, [id, unmeasured, measureModel, estimateIntake])
}
