/** Why a hit was found: where each retriever had it, and with which score. */
import { Spline, WholeWord } from 'lucide-react'
import type { Retrieved, SearchHit } from '#contract'
import './hit-reasons.css'
import { tellingWords } from './telling-matches.ts'

const cosine = new Intl.NumberFormat(undefined, { minimumFractionDigits: 3, maximumFractionDigits: 3 })
const bm25 = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const fused = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 })

const retrievers = ['vector', 'keyword'] as const

/** In a row: an icon, the rank and the score of each retriever, in columns. */
export function HitReasons({ hit }: { readonly hit: SearchHit }) {
  return (
    <span className="reasons">
      {retrievers.map((retriever) => {
        const retrieved = hit.retrieved.find((other) => other.retriever === retriever)
        return retrieved === undefined ? null : <Reason key={retriever} retrieved={retrieved} />
      })}
    </span>
  )
}

function Reason({ retrieved }: { readonly retrieved: Retrieved }) {
  const { retriever, rank } = retrieved
  const Icon = retriever === 'vector' ? Spline : WholeWord
  return (
    <span className={`reason reason-${retriever}`} title={reasonSentence(retrieved)}>
      <Icon size={13} aria-hidden />
      <span className="reason-word">{retriever} </span>
      <b>{rank === null ? '–' : `#${rank}`}</b>
      <span className="visually-hidden">, score </span>
      <span className="reason-score">{formatScore(retrieved)}</span>
    </span>
  )
}

/** Beside the source: the same in words, with the words that matched. */
export function HitExplanation({ hit }: { readonly hit: SearchHit }) {
  const { retrieved, fusedScore } = hit
  const words = tellingWords(hit)
  return (
    <dl className="explanation" aria-label="Why this was found">
      {retrieved.map((one) => (
        <div key={one.retriever}>
          <dt>{one.retriever === 'vector' ? 'By meaning' : 'By its words'}</dt>
          <dd>{reasonSentence(one)}</dd>
        </div>
      ))}
      {retrieved.length > 1 && (
        <div>
          <dt>Together</dt>
          <dd>fused score {fused.format(fusedScore)}</dd>
        </div>
      )}
      {words.length > 0 && (
        <div>
          <dt>Words</dt>
          <dd>
            {words.map((word) => (
              <mark key={word}>{word}</mark>
            ))}
          </dd>
        </div>
      )}
    </dl>
  )
}

function reasonSentence(retrieved: Retrieved): string {
  const { retriever, rank } = retrieved
  const place = rank === null ? 'not among the best' : `${ordinal(rank)} of its list`
  const measure = retriever === 'vector' ? 'cosine similarity' : 'bm25'
  return `${retriever}: ${place}, ${measure} ${formatScore(retrieved)}`
}

function formatScore({ retriever, score }: Retrieved): string {
  return (retriever === 'vector' ? cosine : bm25).format(score)
}

const endings: Readonly<Record<string, string>> = { one: 'st', two: 'nd', few: 'rd', other: 'th' }
const plural = new Intl.PluralRules('en', { type: 'ordinal' })

function ordinal(rank: number): string {
  return `${rank}${endings[plural.select(rank)] ?? 'th'}`
}
