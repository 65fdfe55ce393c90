/** A hit's score as a number and as a small bar. Cosine similarity: 1 is the same direction, 0 and below unrelated. */
import '../../ui/progress.tsx'

const digits = new Intl.NumberFormat(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 })

export function ScoreBar({ score }: { readonly score: number }) {
  return (
    <span className="score" title="Cosine similarity of the node to the query">
      <span className="score-track" aria-hidden>
        <span className="score-fill" style={{ '--fraction': Math.min(Math.max(score, 0), 1) }} />
      </span>
      <span className="visually-hidden">score </span>
      {digits.format(score)}
    </span>
  )
}
