/** What the user chooses about the files that were taken in, and what is asked of the engine with it. */
import type { CommandInput, Inspection, KnowledgeBase, NodeParserInput, SourceRules } from '#contract'
import type { AppState } from '../../store/app-state.ts'
import { consentNeeded, remoteServerOf } from '../models/consent.ts'
import { usualRules } from './rules-text.ts'

export interface IntakeChoice {
  /** Add to this knowledge base; null makes a new one. */
  readonly addTo: string | null
  readonly name: string
  readonly persistDir: string
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
): IntakeChoice {
  return {
    addTo,
    name: inspection.suggestedName,
    persistDir: inspection.suggestedPersistDir,
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
  const { persistDir, name, model, nodeParser, rules, watch, recognizeText } = choice
  return {
    paths,
    ...(existing === undefined
      ? { persistDir: persistDir.trim(), name, nodeParser, ...(model !== null && { model }) }
      : { persistDir: existing.persistDir }),
    source: { ...rules, watch },
    ...(recognizeText !== null && { recognizeText: recognizeText ? imageLanguages : null }),
  }
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
