/** What the user chooses about the files that were taken in, and what is asked of the engine with it. */
import type {
  CommandInput,
  Inspection,
  KnowledgeBase,
  NodeParserInput,
  SourceRules,
  StoreMetric,
} from '#contract'
import type { AppState } from '../../store/app-state.ts'
import { joinPath, parentPath } from '../../ui/paths.ts'
import { consentNeeded, remoteServerOf } from '../models/consent.ts'
import { chromaAddress } from '../stores/store-address.ts'
import { usualRules } from './rules-text.ts'

/** A Chroma collection that a new knowledge base keeps its vectors in. */
export interface StoreChoice {
  /** A folder, there or not, the URL of a server, or an address. */
  readonly at: string
  /** Empty: made from the name. */
  readonly collection: string
  /** Of a new collection; null: Chroma's own default. */
  readonly metric: StoreMetric | null
}

export interface IntakeChoice {
  /** Add to this knowledge base; null makes a new one. */
  readonly addTo: string | null
  readonly name: string
  readonly persistDir: string
  /** Null: in the storage folder. */
  readonly store: StoreChoice | null
  readonly model: string | null
  /** The user ticked that the text may be sent to the model's server. */
  readonly consent: boolean
  /** Of a new knowledge base; one that exists goes on as it was built. */
  readonly nodeParser: NodeParserInput
  readonly rules: SourceRules
  /** Whether the sources are watched from then on. */
  readonly watch: boolean
  /** Whether text in images is read; null: as the knowledge base has it. */
  readonly recognizeText: boolean | null
}

/** The languages that come with Stackroom. */
export const imageLanguages = ['eng']

export function firstChoice(
  inspection: Inspection,
  addTo: string | null,
  model: string | null,
  store: StoreChoice | null,
): IntakeChoice {
  return {
    addTo,
    name: inspection.suggestedName,
    persistDir: inspection.suggestedPersistDir,
    store,
    model,
    consent: false,
    nodeParser: { className: 'SentenceSplitter' },
    rules: usualRules,
    watch: false,
    recognizeText: null,
  }
}

export function ingestInput(
  { paths }: Inspection,
  choice: IntakeChoice,
  existing: KnowledgeBase | undefined,
): CommandInput<'ingest.start'> {
  const { persistDir, name, store, model, nodeParser, rules, watch, recognizeText } = choice
  return {
    paths,
    ...(existing === undefined
      ? {
          ...{ persistDir: persistDir.trim(), name, nodeParser },
          ...(store !== null && { store: newStore(store) }),
          ...(model !== null && { model }),
        }
      : { persistDir: existing.persistDir }),
    source: { ...rules, watch },
    ...languagesOf({ recognizeText }),
  }
}

/** In which languages text in images is read, where the user said anything about it. */
export function languagesOf({ recognizeText }: Pick<IntakeChoice, 'recognizeText'>): {
  recognizeText?: string[] | null
} {
  if (recognizeText === null) return {}
  return { recognizeText: recognizeText ? imageLanguages : null }
}

function newStore({ at, collection, metric }: StoreChoice): CommandInput<'ingest.start'>['store'] {
  return {
    address: chromaAddress(at),
    ...(collection.trim() !== '' && { collection: collection.trim() }),
    ...(metric !== null && { metric }),
  }
}

/** Whether it can be made as it stands; Chroma has rules for the names of collections. */
export function isStoreComplete(store: StoreChoice | null): boolean {
  if (store === null) return true
  const collection = store.collection.trim()
  return store.at.trim() !== '' && (collection === '' || collectionName.test(collection))
}

const collectionName = /^[a-z0-9][a-z0-9._-]+[a-z0-9]$/i

/** A folder for all collections, beside the storage folders. */
export function firstStore({ persistDir }: IntakeChoice): StoreChoice {
  return { at: joinPath(parentPath(persistDir.trim()), 'chroma'), collection: '', metric: null }
}

/** The model that files would be indexed with: the chosen one, or that of the knowledge base they are added to. */
export function intakeModel(choice: IntakeChoice, knowledgeBases: readonly KnowledgeBase[]): string | null {
  if (choice.addTo === null) return choice.model
  return knowledgeBases.find(({ id }) => id === choice.addTo)?.model ?? null
}

/** The server that the user has to allow first, by name; null where nothing has to be allowed. */
export function consentServer(state: AppState, choice: IntakeChoice): string | null {
  const { models, servers, knowledgeBases } = state
  const id = intakeModel(choice, knowledgeBases)
  const model = models.find((other) => other.id === id)
  const existing = knowledgeBases.find((other) => other.id === choice.addTo)
  const persistDir = existing?.persistDir ?? choice.persistDir.trim()
  if (!consentNeeded(model, servers, persistDir)) return null
  return remoteServerOf(model, servers)?.name ?? model?.server ?? null
}
