/** What the commands share: the engine, and one answer on stdout, for people or as JSON. */
import { Option } from 'commander'
import type { FolderInfo, ModelVerdict } from '#contract'
import { EngineServices } from '#app/engine-services.ts'
import { dataFolderPath } from '#platform/data-folder.ts'
import { resourcesFolder } from '../paths.ts'

export interface JsonOption {
  readonly json?: boolean
}

export function json(): Option {
  return new Option('--json', 'print one JSON document and nothing else')
}

export function engineServices(): EngineServices {
  return new EngineServices({ dataFolder: dataFolderPath(), resourcesFolder: resourcesFolder() })
}

export function print<Value>({ json }: JsonOption, value: Value, toText: (value: Value) => string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : toText(value)}\n`)
}

/** A verdict on a folder's model with its numbers. */
export function verdictText(verdict: ModelVerdict, score: FolderInfo['modelScore']): string {
  if (!score) return verdict
  const { matching, samples, median } = score
  return `${verdict}: ${matching} of ${samples} nodes agree, cosine ${median.toFixed(4)}`
}
