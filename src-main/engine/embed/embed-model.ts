/** What every embed model is to the rest of the engine: LlamaIndex's BaseEmbedding, with cancellation. */

export interface EmbedOptions {
  signal?: AbortSignal | undefined
  /** A person waits for a few texts: they go before other work, and are given up sooner. */
  urgent?: boolean | undefined
  /**
   * Called with each finished part of `embedDocuments`: places in `texts`, and their vectors. Parts come in any order;
   * a model starts no further work than it already has under way until the promise resolves, and fails when it does.
   */
  onVectors?: ((indices: readonly number[], vectors: readonly Float32Array[]) => Promise<void>) | undefined
}

/**
 * Everything that changes the vectors a model makes. Two models with equal identities make interchangeable vectors;
 * it keys the embedding cache and is stored in `stackroom.json`.
 */
export interface EmbedModelIdentity {
  /** As written everywhere: `bundled:all-MiniLM-L6-v2`. */
  readonly id: string
  readonly dimensions: number
  readonly pooling: 'mean' | 'cls' | 'provider'
  readonly normalized: boolean
  /** Put before the text of a query or of a document. */
  readonly queryPrefix: string
  readonly documentPrefix: string
  /** What happens to text that is longer than the model's window. */
  readonly longText: 'mean-of-windows' | 'cut' | 'provider'
  /** LlamaIndex's OpenAI classes send a text with its line breaks as spaces. */
  readonly lineBreaks: 'kept' | 'as-spaces'
  /** Changes when the weights do. */
  readonly revision: string
}

/** What can be changed about a model without changing its weights. */
export type EmbedModelSettings = Pick<
  EmbedModelIdentity,
  'queryPrefix' | 'documentPrefix' | 'longText' | 'lineBreaks'
>

/**
 * LlamaIndex's `MetadataMode` of the text that a model is given for a node: `embed` has the metadata in it, as LlamaIndex's
 * indexes embed; `none` is the text alone, as programs do that make the vectors themselves.
 */
export type NodeTextMode = 'embed' | 'none'

/** How an index is embedded: a model, and what of a node it is given. */
export interface IndexEmbedding extends EmbedModelIdentity {
  readonly metadataMode: NodeTextMode
}

export interface EmbedModel extends AsyncDisposable {
  readonly identity: EmbedModelIdentity
  /** Tokens that the model reads at once, special tokens included. */
  readonly maximumTokens: number
  readonly offline: boolean
  /** One vector of `identity.dimensions` float32 for each text, in the texts' order. */
  embedDocuments(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>
  embedQuery(text: string, options?: EmbedOptions): Promise<Float32Array>
  /** The same model with other settings, sharing what it runs on: nothing needs to be closed but the first. */
  vary?(settings: Partial<EmbedModelSettings>): EmbedModel
}
