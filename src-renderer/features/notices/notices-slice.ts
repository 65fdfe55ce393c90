/** Short messages at the window's edge: errors that belong to no place on screen, and confirmations. */
import { isCancelled, toErrorShape, type ErrorShape } from '#contract'
import type { SliceCreator } from '../../store/app-state.ts'

export interface Notice {
  readonly id: number
  readonly kind: 'error' | 'done'
  readonly message: string
  readonly hint?: string | undefined
}

export interface NoticesSlice {
  readonly notices: readonly Notice[]
  readonly notify: (kind: Notice['kind'], message: string, hint?: string) => void
  /** Shows an error as its sentence and hint; something cancelled is no error. */
  readonly notifyError: (error: unknown) => void
  readonly dropNotice: (id: number) => void
  /** Copies text and says so. */
  readonly copy: (text: string, done: string) => Promise<void>
}

const atMost = 4

export const createNoticesSlice: SliceCreator<NoticesSlice> = ({ set, get }) => {
  let lastId = 0
  return {
    notices: [],
    notify(kind, message, hint) {
      const notice = { id: ++lastId, kind, message, hint }
      set((state) => ({
        notices: [...state.notices.filter((other) => other.message !== message), notice].slice(-atMost),
      }))
    },
    notifyError(error) {
      if (isCancelled(error)) return
      const shape = describeError(error)
      get().notify('error', shape.message, shape.hint)
    },
    dropNotice(id) {
      set((state) => ({ notices: state.notices.filter((notice) => notice.id !== id) }))
    },
    async copy(text, done) {
      try {
        await navigator.clipboard.writeText(text)
        get().notify('done', done)
      } catch {
        // the system or the browser keeps the clipboard from this window
        get().notify(
          'error',
          'The clipboard cannot be written.',
          'Select the text and copy it with the keyboard.',
        )
      }
    },
  }
}

/** What may be shown of an error; a bug also goes to the window's console with its stack. */
export function describeError(error: unknown): ErrorShape {
  const shape = toErrorShape(error)
  if (shape.code === 'internal') window.reportError(error)
  return shape
}
