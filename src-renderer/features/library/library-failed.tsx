/** The library itself could not be read. */
import { useApp } from '../../store/use-app.ts'
import { Button } from '../../ui/button.tsx'
import { Message } from '../../ui/message.tsx'

export function LibraryFailed() {
  const error = useApp((state) => state.libraryError)
  const loadLibrary = useApp((state) => state.loadLibrary)
  if (error === null) return null
  return (
    <Message kind="error" message={error.message} hint={error.hint} large>
      <Button onClick={() => void loadLibrary()}>Try again</Button>
    </Message>
  )
}
