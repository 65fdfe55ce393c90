/** Asks before a server is removed, and says what goes with it. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { serverLabel } from './server-labels.ts'

export function RemoveServerDialog({ name }: { readonly name: string }) {
  const askToRemoveServer = useApp((state) => state.askToRemoveServer)
  const removeServer = useApp((state) => state.removeServer)
  const isStored = useApp((state) => state.servers.find((server) => server.name === name)?.key === 'stored')
  return (
    <Dialog
      title={`Remove ${serverLabel(name)}?`}
      onClose={() => askToRemoveServer(null)}
      actions={
        <>
          <Button onClick={() => askToRemoveServer(null)}>Keep it</Button>
          <Button look="primary" onClick={() => void removeServer(name)}>
            Remove
          </Button>
        </>
      }
    >
      <p>
        Its models go off the list{isStored && ', its stored key is deleted'}, and what you allowed it to have
        is taken back. Knowledge bases that were built with it keep their vectors; to search them it has to be
        added again.
      </p>
    </Dialog>
  )
}
