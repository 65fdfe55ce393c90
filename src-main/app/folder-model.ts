/** What is known of a folder's model, and what follows from a verdict on it. */
import type { ModelVerdict, ModelVerdictReason, StackroomError } from '#contract'
import type {
  EmbedModel,
  EmbedModelIdentity,
  IndexEmbedding,
  NodeTextMode,
} from '#engine/embed/embed-model.ts'
import { isThisMachine } from '#engine/embed/providers/open-server-model.ts'
import type { Verdict } from './verdicts.ts'

export type Purpose = 'search' | 'index'

/** The model that nodes of a folder are embedded with, and what of a node it is given. */
export interface FolderEmbedding {
  readonly model: EmbedModel
  readonly metadataMode: NodeTextMode
}

export interface FolderModel {
  readonly identity: IndexEmbedding | null
  readonly id: string | null
  readonly recorded: boolean
  readonly chosen: boolean
  readonly verdict: ModelVerdict
  readonly reason: ModelVerdictReason | null
  readonly score: Verdict['score']
  readonly checkedAt: string | null
  readonly error: StackroomError | null
  readonly refused: readonly Purpose[]
  /** Whether there is a server that should have been asked, and was not. */
  readonly unasked: boolean
}

export const nothingKnown = {
  verdict: 'unchecked',
  reason: null,
  score: null,
  checkedAt: null,
  error: null,
  refused: [],
  unasked: false,
} as const

export const refusedAll: readonly Purpose[] = ['search', 'index']

/** The model could not be opened: that stops everything by itself. What has no text stops nothing. */
export function refusedBy(verdict: Verdict): readonly Purpose[] {
  return verdict.reason === 'model-failed' ? refusedAll : []
}

/** A service may change what it serves under a name; a folder may change under ours. */
const CHECK_AGAIN_MS = 7 * 24 * 3600 * 1000
/** Whoever runs a server may start it with another model, and many of them answer to any name. */
const CHECK_OWN_SERVER_AGAIN_MS = 24 * 3600 * 1000
/** Before vectors of a server get into a folder, where they would stay. */
export const CHECK_BEFORE_INDEXING_MS = 3600 * 1000

export function isLongAgo(time: number, trustMs: number = CHECK_AGAIN_MS): boolean {
  return Date.now() - time > trustMs
}

function trustMsOf(address: string | null): number {
  return address !== null && isThisMachine(address) ? CHECK_OWN_SERVER_AGAIN_MS : CHECK_AGAIN_MS
}

const comparedFields = [
  'revision',
  'dimensions',
  'documentPrefix',
  'longText',
  'lineBreaks',
  'metadataMode',
] as const satisfies (keyof IndexEmbedding)[]

/** Whether the model on record has to be asked again: it is long ago, or what it says could have changed. */
export function isStale(
  verdict: Verdict,
  identity: IndexEmbedding,
  address: string | null,
  trustMs: number = trustMsOf(address),
): boolean {
  const { identity: judged, checkedAt } = verdict
  const isOf = judged === null || comparedFields.every((field) => judged[field] === identity[field])
  // a server may be put right at any time
  const mayPass = address !== null && verdict.verdict !== 'verified'
  return isLongAgo(Date.parse(checkedAt), trustMs) || !isOf || verdict.address !== address || mayPass
}

/** As it is on record, but with the way of embedding that the vectors themselves showed. */
export function asVerified(identity: IndexEmbedding, { identity: shown }: Verdict): IndexEmbedding {
  if (!shown) return identity
  const { documentPrefix, longText, lineBreaks, metadataMode } = shown
  // vectors say nothing about queries: the record's prefix goes with the record's way
  const queryPrefix = documentPrefix === identity.documentPrefix ? identity.queryPrefix : shown.queryPrefix
  return { ...identity, queryPrefix, documentPrefix, longText, lineBreaks, metadataMode }
}

/** Nothing says otherwise: as LlamaIndex embeds. */
export function asUsual(identity: EmbedModelIdentity): IndexEmbedding {
  return { ...identity, metadataMode: 'embed' }
}

export function byMedian(a: { readonly verdict: Verdict }, b: { readonly verdict: Verdict }): number {
  return (b.verdict.score?.median ?? -1) - (a.verdict.score?.median ?? -1)
}
