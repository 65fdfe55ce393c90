/** The notices at the window's lower edge. Confirmations go by themselves; errors, and what says more, stay until read. */
import { CircleCheck, CircleAlert, X } from 'lucide-react'
import { useEffect } from 'react'
import { useApp } from '../../store/use-app.ts'
import { IconButton } from '../../ui/button.tsx'
import type { Notice } from './notices-slice.ts'
import './notices.css'

const doneStaysMs = 2_500

export function Notices() {
  const notices = useApp((state) => state.notices)
  return (
    <div className="notices" role="log" aria-label="Messages">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  )
}

function NoticeCard({ notice }: { readonly notice: Notice }) {
  const { id, kind, message, hint } = notice
  const stays = kind === 'error' || hint !== undefined
  const dropNotice = useApp((state) => state.dropNotice)

  useEffect(() => {
    if (stays) return undefined
    const timer = window.setTimeout(() => dropNotice(id), doneStaysMs)
    return () => window.clearTimeout(timer)
  }, [stays, id, dropNotice])

  return (
    <div className={`notice notice-${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
      {kind === 'error' ? <CircleAlert size={17} aria-hidden /> : <CircleCheck size={17} aria-hidden />}
      <div className="notice-text">
        <p>{message}</p>
        {hint !== undefined && <p className="notice-hint">{hint}</p>}
      </div>
      {stays && <IconButton icon={X} label="Dismiss" onClick={() => dropNotice(id)} />}
    </div>
  )
}
