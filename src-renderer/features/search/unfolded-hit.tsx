/** A hit's whole text between the node before it and the node after it. */
import type { Neighbour, SearchHit } from '#contract'
import { Spinner } from '../../ui/progress.tsx'
import { textAfter, textBefore } from './beside-text.ts'
import { MarkedText } from './marked-text.tsx'
import type { Unfolded } from './neighbours-slice.ts'
import { tellingMatches } from './telling-matches.ts'
import './unfolded-hit.css'

interface UnfoldedHitProps {
  readonly hit: SearchHit
  readonly unfolded: Unfolded
}

export function UnfoldedHit({ hit, unfolded: { neighbours, error } }: UnfoldedHitProps) {
  return (
    <div className="unfolded">
      {neighbours === null && error === null && <Spinner label="Reading what stands beside it" />}
      {error !== null && <p>{error.message}</p>}
      {neighbours !== null && <Beside hit={hit} neighbour={neighbours.previous} which="before" />}
      <p className="unfolded-hit">
        <MarkedText text={hit.text} marks={tellingMatches(hit)} />
      </p>
      {neighbours !== null && <Beside hit={hit} neighbour={neighbours.next} which="after" />}
    </div>
  )
}

interface BesideProps {
  readonly hit: SearchHit
  readonly neighbour: Neighbour | null
  readonly which: 'before' | 'after'
}

function Beside({ hit, neighbour, which }: BesideProps) {
  if (neighbour === null)
    return (
      <p className="unfolded-end">
        {which === 'before' ? 'The document begins here.' : 'The document ends here.'}
      </p>
    )
  return (
    <p>
      <span className="visually-hidden">{which === 'before' ? 'Before it: ' : 'After it: '}</span>
      {which === 'before' ? textBefore(neighbour.text, hit.text) : textAfter(hit.text, neighbour.text)}
    </p>
  )
}
