/** Says so, calmly, while the page has lost its host. */
import { Unplug } from 'lucide-react'
import { useApp } from '../../store/use-app.ts'
import { Spinner } from '../../ui/progress.tsx'

export function ConnectionBar() {
  const connection = useApp((state) => state.connection)
  if (connection === 'lost') {
    return (
      <div className="connection-bar" role="status">
        <Spinner label="" />
        Reconnecting to Stackroom…
      </div>
    )
  }
  if (connection === 'ended') {
    return (
      <div className="connection-bar" role="status">
        <Unplug size={16} aria-hidden />
        Stackroom was started anew. Open the address that it printed.
      </div>
    )
  }
  return null
}
