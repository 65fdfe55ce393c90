/** What could be meant at the cursor of the search box. */
import { useLayoutEffect, useRef } from 'react'
import { classNames } from '../../ui/class-names.ts'
import { completionId, completionOptionId, searchBoxId } from './element-ids.ts'
import { keyMeaning } from './filter-words.ts'
import type { Completion } from './use-completion.ts'

interface CompletionListProps {
  readonly completion: Completion
  /** What stands before the part that is completed. */
  readonly textBefore: string
  readonly onAccept: (option: string) => void
}

/** Of the options, so that their text stands below the text that they complete. */
const textIndent = 15

export function CompletionList({ completion, textBefore, onAccept }: CompletionListProps) {
  const { options, chosen } = completion
  const list = useRef<HTMLUListElement>(null)
  useLayoutEffect(() => {
    const box = document.getElementById(searchBoxId)
    if (!(box instanceof HTMLInputElement) || list.current === null) return
    const { font, paddingLeft } = getComputedStyle(box)
    const begins = parseFloat(paddingLeft) + widthOf(textBefore, font) - box.scrollLeft
    const room = box.clientWidth - list.current.offsetWidth
    list.current.style.left = `${Math.max(0, Math.min(begins - textIndent, room))}px`
  }, [textBefore])
  return (
    <ul className="completion" ref={list} id={completionId} role="listbox" aria-label="Completions">
      {options.map((option, index) => (
        <li
          key={option}
          id={completionOptionId(index)}
          role="option"
          aria-selected={index === chosen}
          className={classNames('completion-option', index === chosen && 'completion-chosen')}
          // the box keeps the focus
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onAccept(option)}
        >
          <span>{option}</span>
          {option.endsWith(':') && <small>{keyMeaning(option)}</small>}
        </li>
      ))}
    </ul>
  )
}

function widthOf(text: string, font: string): number {
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) return 0
  context.font = font
  return context.measureText(text).width
}
