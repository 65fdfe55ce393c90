/** The entries of a folder: a click chooses, a double click or Enter goes in, letters jump to a name. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { Database, File, Folder, FolderSearch2 } from 'lucide-react'
import { useEffect, useId, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react'
import type { DirectoryListing } from '#contract'
import { Badge } from '../../ui/badge.tsx'
import { classNames } from '../../ui/class-names.ts'
import { formatBytes } from '../../ui/format.ts'

type Entry = DirectoryListing['entries'][number]

interface ChooserListProps {
  readonly entries: readonly Entry[]
  readonly multiple: boolean
  /** Paths. */
  readonly chosen: readonly string[]
  readonly loading: boolean
  /** What to say when there are no entries. */
  readonly emptyNote: string
  readonly onChoose: (paths: readonly string[]) => void
  readonly onEnter: (entry: Entry) => void
  readonly onUp: () => void
}

const rowHeight = 32
/** Letters typed further apart start a new word. */
const typingPauseMs = 700

export function ChooserList(props: ChooserListProps) {
  const { entries, multiple, chosen, loading, emptyNote, onChoose, onEnter, onUp } = props
  const [activeIndex, setActiveIndex] = useState(-1)
  const scroller = useRef<HTMLDivElement>(null)
  const typed = useRef({ text: '', at: 0 })
  const listId = useId()
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  })

  useEffect(() => {
    scroller.current?.focus()
  }, [])

  const moveTo = (index: number): void => {
    const entry = entries[index]
    if (entry === undefined) return
    setActiveIndex(index)
    onChoose([entry.path])
    virtualizer.scrollToIndex(index)
  }

  const toggle = (entry: Entry): void =>
    onChoose(
      chosen.includes(entry.path) ? chosen.filter((path) => path !== entry.path) : [...chosen, entry.path],
    )

  const onKeyDown = (event: KeyboardEvent): void => {
    const active = entries[activeIndex]
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1)
    const moves: Partial<Record<string, number>> = {
      ArrowDown: activeIndex + 1,
      ArrowUp: Math.max(0, activeIndex - 1),
      PageDown: activeIndex + page,
      PageUp: activeIndex - page,
      Home: 0,
      End: entries.length - 1,
    }
    const target = moves[event.key]
    if (event.key === 'Backspace' || (event.key === 'ArrowUp' && event.altKey) || event.key === 'ArrowLeft') {
      onUp()
    } else if (target !== undefined) {
      moveTo(Math.min(Math.max(target, 0), entries.length - 1))
    } else if (active !== undefined && (event.key === 'Enter' || event.key === 'ArrowRight')) {
      if (event.key === 'Enter' || active.isDirectory) onEnter(active)
    } else if (active !== undefined && event.key === ' ' && multiple) {
      toggle(active)
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      jumpTo(event.key, event.timeStamp)
    } else {
      return
    }
    event.preventDefault()
  }

  const jumpTo = (letter: string, at: number): void => {
    const text = at - typed.current.at > typingPauseMs ? letter : typed.current.text + letter
    typed.current = { text, at }
    const found = entries.findIndex(({ name }) => name.toLowerCase().startsWith(text.toLowerCase()))
    if (found >= 0) moveTo(found)
  }

  const onClick = (event: MouseEvent, index: number, entry: Entry): void => {
    setActiveIndex(index)
    if (multiple && (event.ctrlKey || event.metaKey)) toggle(entry)
    else onChoose([entry.path])
  }

  return (
    <div
      className="chooser-list"
      ref={scroller}
      role="listbox"
      tabIndex={0}
      aria-label="Files and folders"
      aria-multiselectable={multiple}
      aria-activedescendant={activeIndex < 0 ? undefined : `${listId}-${activeIndex}`}
      aria-busy={loading}
      onKeyDown={onKeyDown}
    >
      {entries.length === 0 && !loading && (
        <p className="chooser-empty" role="option" aria-selected={false} aria-disabled>
          {emptyNote}
        </p>
      )}
      <div role="presentation" className="chooser-rows" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((row) => {
          const entry = entries[row.index]
          if (entry === undefined) return null
          const isChosen = chosen.includes(entry.path)
          const Icon = entry.isChromaFolder
            ? Database
            : entry.isStorageFolder
              ? FolderSearch2
              : entry.isDirectory
                ? Folder
                : File
          return (
            <div
              key={row.key}
              id={`${listId}-${row.index}`}
              role="option"
              aria-selected={isChosen}
              aria-setsize={entries.length}
              aria-posinset={row.index + 1}
              className={classNames(
                'chooser-row',
                entry.isDirectory && 'chooser-row-folder',
                entry.isStorageFolder && 'chooser-row-storage',
                isChosen && 'chooser-row-chosen',
                row.index === activeIndex && 'chooser-row-active',
              )}
              style={{ transform: `translateY(${row.start}px)` }}
              onClick={(event) => onClick(event, row.index, entry)}
              onDoubleClick={() => onEnter(entry)}
            >
              <Icon size={16} aria-hidden />
              <span className="chooser-row-name">{entry.name}</span>
              {entry.isStorageFolder && (
                <Badge look="good">{entry.isChromaFolder ? 'Chroma folder' : 'Storage folder'}</Badge>
              )}
              {!entry.isDirectory && <span className="chooser-row-size">{formatBytes(entry.size)}</span>}
            </div>
          )
        })}
      </div>
    </div>
  )
}
