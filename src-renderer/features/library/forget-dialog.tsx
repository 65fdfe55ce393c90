/** Asks before a knowledge base is taken off the list, and says that nothing is deleted. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { isCollection, placeOf } from '../stores/store-words.ts'

export function ForgetDialog() {
  const knowledgeBase = useApp((state) => state.knowledgeBases.find(({ id }) => id === state.forgettingId))
  const askToForget = useApp((state) => state.askToForget)
  const forget = useApp((state) => state.forget)
  if (knowledgeBase === undefined) return null
  return (
    <Dialog
      title={`Take “${knowledgeBase.name}” off the list?`}
      onClose={() => askToForget(null)}
      actions={
        <>
          <Button onClick={() => askToForget(null)}>Keep it</Button>
          <Button look="primary" onClick={() => void forget(knowledgeBase.id)}>
            Take off the list
          </Button>
        </>
      }
    >
      <p>
        Nothing is deleted.{' '}
        {isCollection(knowledgeBase) ? 'The collection stays in' : 'The storage folder stays at'}{' '}
        <strong className="breakable">{placeOf(knowledgeBase)}</strong>, and you can open it again at any
        time.
      </p>
    </Dialog>
  )
}
