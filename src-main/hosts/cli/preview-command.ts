/** `stackroom preview`: how a file would be cut, before it is indexed. */
import type { Command } from 'commander'
import type { ChunkPreview, PreviewedNode } from '#contract'
import { previewFile } from '#app/preview-file.ts'
import { addNodeParserOptions, nodeParserInput, type NodeParserOptions } from './node-parser-options.ts'
import { engineServices, excerpt, json, print, type JsonOption } from './output.ts'
import { addOcrOptions, recognizedLanguages, type OcrOptions } from './source-options.ts'

interface PreviewOptions extends JsonOption, NodeParserOptions, OcrOptions {
  readonly to?: string
  readonly model?: string
}

export function addPreviewCommand(command: Command, signal: AbortSignal): void {
  const preview = command
    .command('preview')
    .description('how a file would be cut into nodes; nothing is embedded or written')
    .argument('<file>')
    .option('--to <dir>', 'a storage folder: cut as its documents were')
    .option(
      '--model <id>',
      'embed model that the chunks are to fit; default: the one of the index, or the bundled one',
    )
  addNodeParserOptions(addOcrOptions(preview))
    .addOption(json())
    .action((file: string, options: PreviewOptions) => run(file, options, signal))
}

async function run(file: string, options: PreviewOptions, signal: AbortSignal): Promise<void> {
  const nodeParser = nodeParserInput(options)
  await using services = engineServices()
  const recognizeText = recognizedLanguages(options)
  const input = { path: file, nodeParser, model: options.model, persistDir: options.to, recognizeText }
  print(options, await previewFile(services, input, signal), previewText)
}

function previewText(preview: ChunkPreview): string {
  const { documents, totalDocuments, totalNodes, cutBy, tokenizer, tokensPerNode, truncated } = preview
  const sizes = tokensPerNode
    ? `; ${tokensPerNode.minimum} to ${tokensPerNode.maximum} tokens each, ${tokensPerNode.median} in the middle`
    : ''
  return [
    `${totalDocuments} documents, ${totalNodes} nodes by ${cutBy}${sizes} (${tokenizer})`,
    ...documents.flatMap(({ id, nodes }) => [id, ...nodes.map(nodeText)]),
    ...(truncated ? ['There is more than is shown here.'] : []),
  ].join('\n')
}

function nodeText({ text, startCharIdx, endCharIdx, tokens }: PreviewedNode): string {
  const place = startCharIdx === null ? 'not as it stands' : `${startCharIdx}–${endCharIdx ?? startCharIdx}`
  return `  ${place}, ${tokens} tokens\n    ${excerpt(text)}`
}
