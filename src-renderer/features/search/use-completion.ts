/**
 * Completion of filters in the search box. Values open by themselves behind a `key:`; keys, which begin like any other
 * word, only when they are asked for with Ctrl+Space.
 */
import { useState, type KeyboardEvent } from 'react'
import { completeQuery, parseQuery, type QueryCompletion } from '#contract'
import { useSearchKeys } from './use-parsed-query.ts'

const shownAtMost = 8

export interface Completion {
  readonly options: readonly string[]
  /** Where the part begins that would be replaced. */
  readonly start: number
  /** -1: none is chosen yet. */
  readonly chosen: number
}

export interface UseCompletion {
  readonly completion: Completion | null
  /** True when the key was the completion's. */
  readonly takeKey: (event: KeyboardEvent<HTMLInputElement>) => boolean
  readonly accept: (option: string) => void
  /** What is to be told of each change of the cursor, with the text where that has changed as well. */
  readonly moved: (cursor: number | null, text?: string) => void
  readonly close: () => void
}

/** `change` gets the new query, and where the cursor goes. */
export function useCompletion(
  sessionId: string,
  query: string,
  change: (query: string, cursor: number) => void,
): UseCompletion {
  const keys = useSearchKeys(sessionId)
  const [cursor, setCursor] = useState<number | null>(null)
  const [asked, setAsked] = useState(false)
  const [moves, setMoves] = useState<number | null>(null)

  const found = cursor === null ? null : completionAt(query, cursor, keys, asked)
  const options = found?.options.slice(0, shownAtMost) ?? []
  const first = found !== null && isKnownValue(query, found, keys) ? -1 : 0
  const completion =
    found === null || options.length === 0
      ? null
      : { options, start: found.start, chosen: Math.min(moves ?? first, options.length - 1) }

  const close = (): void => {
    setCursor(null)
    setAsked(false)
    setMoves(null)
  }

  const accept = (option: string): void => {
    if (found === null) return
    const isKey = option.endsWith(':')
    const rest = query.slice(found.end).trimStart()
    const before = `${query.slice(0, found.start)}${option}${isKey ? '' : ' '}`
    setAsked(false)
    setMoves(null)
    setCursor(isKey ? before.length : null)
    change(before + rest, before.length)
  }

  const takeKey = (event: KeyboardEvent<HTMLInputElement>): boolean => {
    if (event.nativeEvent.isComposing || event.shiftKey || event.altKey || event.metaKey) return false
    if (event.ctrlKey) {
      if (event.key !== ' ') return false
      setAsked(true)
      setCursor(event.currentTarget.selectionStart)
      return true
    }
    if (completion === null) return false
    const chosen = completion.options[completion.chosen]
    switch (event.key) {
      case 'ArrowDown':
        setMoves((completion.chosen + 1) % completion.options.length)
        return true
      case 'ArrowUp':
        setMoves((Math.max(completion.chosen, 0) + completion.options.length - 1) % completion.options.length)
        return true
      case 'Enter':
      case 'Tab':
        if (chosen !== undefined) accept(chosen)
        return chosen !== undefined
      case 'Escape':
        close()
        return true
      default:
        return false
    }
  }

  const moved = (at: number | null, text = query): void => {
    setCursor(at)
    setMoves(null)
    if (at === null || completionAt(text, at, keys, true) === null) setAsked(false)
  }

  return { completion, takeKey, accept, moved, close }
}

type Keys = Parameters<typeof completeQuery>[2]

function completionAt(query: string, cursor: number, keys: Keys, asked: boolean): QueryCompletion | null {
  const part = partAt(query, cursor, keys)
  if (part === undefined || part.kind === 'filter') return completeQuery(query, cursor, keys)
  return asked ? completeQuery(query, cursor, keys) : null
}

function partAt(query: string, cursor: number, keys: Keys) {
  const { parts } = parseQuery(query, { keys: keys.map(({ key }) => key) })
  return parts.find(({ start, end }) => start < cursor && cursor <= end)
}

/** Whether what stands there is a whole value already, which Enter must leave as it is. */
function isKnownValue(query: string, { end }: QueryCompletion, keys: Keys): boolean {
  const part = partAt(query, end, keys)
  const values = keys.find(({ key }) => key === part?.key)?.values ?? []
  return part?.kind === 'filter' && values.some((value) => value.toLowerCase() === part.text.toLowerCase())
}
