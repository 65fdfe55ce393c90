/** Sources that were not there: nothing of them was taken out of the index. */
import { Message } from '../../ui/message.tsx'

export function UnavailableSources({ paths }: { readonly paths: readonly string[] }) {
  const [first = ''] = paths
  return (
    <div className="job-unavailable">
      <Message
        kind="warning"
        message={
          paths.length === 1
            ? `${first} is not there.`
            : `${paths.length} sources are not there: ${paths.join(', ')}`
        }
        hint="Their documents stay in the index. If a drive is not connected, connect it and refresh."
      />
    </div>
  )
}
