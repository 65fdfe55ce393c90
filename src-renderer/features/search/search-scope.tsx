/** Which knowledge bases are searched at the same time, each with its own model. */
import { Library } from 'lucide-react'
import type { KnowledgeBase } from '#contract'
import { useApp } from '../../store/use-app.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { classNames } from '../../ui/class-names.ts'
import { Popover } from '../../ui/popover.tsx'
import { useSession } from './use-session.ts'

export function SearchScope({ knowledgeBase }: { readonly knowledgeBase: KnowledgeBase }) {
  const { id, name } = knowledgeBase
  const knowledgeBases = useApp((state) => state.knowledgeBases)
  const setAlsoIn = useApp((state) => state.setAlsoIn)
  const { alsoIn } = useSession(id)
  const others = knowledgeBases.filter((other) => other.id !== id && canBeSearched(other))
  if (others.length === 0) return null
  const chosen = others.filter((other) => alsoIn.includes(other.id)).map((other) => other.id)

  const change = (other: string, also: boolean): void =>
    setAlsoIn(id, also ? [...chosen, other] : chosen.filter((kept) => kept !== other))

  return (
    <Popover
      title="Where to search"
      label="Where to search"
      className={classNames(chosen.length > 0 && 'search-bar-on')}
      face={
        <>
          <Library size={15} aria-hidden />
          {chosen.length === 0 ? (
            <span className="search-bar-word">Only here</span>
          ) : (
            <span>In {chosen.length + 1}</span>
          )}
        </>
      }
    >
      {() => (
        <div className="search-scope">
          <p>“{name}”, and at the same time:</p>
          {others.map((other) => (
            <Checkbox
              key={other.id}
              checked={chosen.includes(other.id)}
              onChange={(checked) => change(other.id, checked)}
            >
              {other.name}
            </Checkbox>
          ))}
          <div className="search-scope-ways">
            <button
              type="button"
              className="quiet-link"
              onClick={() =>
                setAlsoIn(
                  id,
                  others.map((other) => other.id),
                )
              }
            >
              All
            </button>
            <button type="button" className="quiet-link" onClick={() => setAlsoIn(id, [])}>
              Only here
            </button>
          </div>
        </div>
      )}
    </Popover>
  )
}

function canBeSearched({ state, nodes, error }: KnowledgeBase): boolean {
  return state !== 'missing' && state !== 'error' && error === null && nodes > 0
}
