/**
 * Runs a model folder with onnxruntime. The runtime computes on the thread that calls it, so this belongs into a worker.
 */
import { setImmediate } from 'node:timers/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { StackroomError } from '#contract'
import type { ModelFolder } from './model-folder.ts'
import { loadModelTokenizer, type ModelTokenizer } from './tokenizer.ts'
import { flawOf } from './vectors.ts'
import { cutIntoWindows, packIntoBatches, WindowMeans, type Window } from './windows.ts'

export interface OnnxRunnerOptions {
  readonly model: ModelFolder
  readonly threads: number
}

export interface EmbedRequest {
  readonly texts: readonly string[]
  /** Computed between two batches of the others. */
  readonly urgent: boolean
  /** `cut` reads only the first window of a long text, as sentence-transformers does. */
  readonly longText: 'mean-of-windows' | 'cut'
}

/**
 * Padded tokens in one batch. Throughput is at its best from about 800 on, and a query that comes in between waits for
 * one batch: about 0.1 s of two cores.
 */
const TOKENS_PER_THREAD = 512

export class OnnxRunner implements AsyncDisposable {
  readonly #model: ModelFolder
  readonly #session: InferenceSession
  readonly #tokenizer: ModelTokenizer
  readonly #budget: number
  /** Urgent calls under way: they go before the batches of others. */
  #urgent = 0
  /** The others are computed one call after the other, so that the first has its vectors soon. */
  #last: Promise<void> = Promise.resolve()

  private constructor(session: InferenceSession, tokenizer: ModelTokenizer, options: OnnxRunnerOptions) {
    this.#session = session
    this.#tokenizer = tokenizer
    this.#model = options.model
    this.#budget = Math.min(8192, Math.max(1024, options.threads * TOKENS_PER_THREAD))
  }

  static async open(options: OnnxRunnerOptions): Promise<OnnxRunner> {
    const { model } = options
    const tokenizer = loadModelTokenizer(model.folder)
    try {
      const session = await InferenceSession.create(model.modelFile, {
        executionProviders: ['cpu'],
        intraOpNumThreads: options.threads,
        // threads that wait for work sleep instead of spinning: as fast, and the rest of the machine stays usable
        extra: { session: { intra_op: { allow_spinning: '0' } } },
        logSeverityLevel: 3,
      })
      const known = ['input_ids', 'attention_mask', 'token_type_ids']
      const foreign = session.inputNames.find((name) => !known.includes(name))
      if (foreign)
        throw new StackroomError('unsupported-format', `The model wants an input named ${foreign}.`, {
          hint: 'Export the model with input_ids, attention_mask and, if need be, token_type_ids.',
        })
      return new OnnxRunner(session, tokenizer, options)
    } catch (cause) {
      if (cause instanceof StackroomError) throw cause
      throw new StackroomError('model-unavailable', `The model in ${model.folder} cannot be loaded.`, {
        hint: 'Its model.onnx may be cut off or made for another runtime. Copy or export it again.',
        cause,
      })
    }
  }

  /** The texts' vectors, one after the other. */
  async embed(request: EmbedRequest, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
    const { texts, urgent, longText } = request
    const { before, after } = this.#tokenizer
    const extra = before.length + after.length
    const size = this.#model.maximumTokens - extra
    const tokens = texts.map((text) => this.#tokenizer.encode(text))
    const windows = cutIntoWindows(
      longText === 'cut' ? tokens.map((ids) => ids.slice(0, size)) : tokens,
      size,
    )
    const means = new WindowMeans(texts.length, this.#model.dimensions, this.#model.normalized)
    const batches = packIntoBatches(windows, this.#budget, extra)
    const compute = async (): Promise<void> => {
      for (const batch of batches) {
        // lets messages in: cancelling, and queries
        do await setImmediate()
        while (!urgent && this.#urgent > 0 && !signal.aborted)
        signal.throwIfAborted()
        const vectors = await this.#run(batch)
        batch.forEach((window, i) => means.add(window, vectors[i]!))
      }
    }
    if (urgent) {
      this.#urgent++
      await compute().finally(() => this.#urgent--)
    } else {
      const work = this.#last.then(compute)
      this.#last = work.catch(() => {})
      await work
    }
    return means.finish()
  }

  async #run(batch: readonly Window[]): Promise<Float32Array[]> {
    const { before, after, padding } = this.#tokenizer
    const lengths = batch.map((window) => before.length + window.ids.length + after.length)
    const width = Math.max(...lengths)
    const ids = new BigInt64Array(batch.length * width).fill(BigInt(padding))
    const mask = new BigInt64Array(batch.length * width)
    batch.forEach((window, row) => {
      let at = row * width
      for (const part of [before, window.ids, after]) for (const id of part) ids[at++] = BigInt(id)
      mask.fill(1n, row * width, at)
    })
    const shape = [batch.length, width]
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor('int64', ids, shape),
      attention_mask: new Tensor('int64', mask, shape),
    }
    if (this.#session.inputNames.includes('token_type_ids'))
      feeds['token_type_ids'] = new Tensor('int64', new BigInt64Array(ids.length), shape)
    const outputs = await this.#session.run(feeds)
    // of several outputs: the token vectors, else the model's own sentence vector, else the first
    const name = ['last_hidden_state', 'token_embeddings', 'sentence_embedding'].find((name) => outputs[name])
    const output = outputs[name ?? this.#session.outputNames[0] ?? '']
    const width3 = output?.dims.at(-1)
    if (!output || !(output.data instanceof Float32Array) || width3 !== this.#model.dimensions)
      throw new StackroomError(
        'dimension-mismatch',
        `The model makes ${output?.type ?? 'no'} vectors of ${width3 ?? 0} dimensions, where its configuration says ${this.#model.dimensions} of float32.`,
        { hint: 'Export the model again with float32 outputs, together with its configuration.' },
      )
    const vectors = this.#pool(output.data, output.dims.length === 3 ? width : 1, lengths)
    const flaw = vectors.map(flawOf).find((flaw) => flaw !== null)
    if (flaw) throw new StackroomError('invalid-vector', `The model made a vector that is ${flaw}.`)
    return vectors
  }

  #pool(data: Float32Array, width: number, lengths: readonly number[]): Float32Array[] {
    const { dimensions, pooling } = this.#model
    return lengths.map((length, row) => {
      const start = row * width * dimensions
      const first = data.slice(start, start + dimensions)
      if (width === 1 || pooling === 'cls') return first
      for (let token = 1; token < length; token++) {
        const at = start + token * dimensions
        for (let i = 0; i < dimensions; i++) first[i]! += data[at + i]!
      }
      for (let i = 0; i < dimensions; i++) first[i]! /= length
      return first
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release()
  }
}
