/** The options that say what is read of a source, of the commands that index. */
import { InvalidArgumentError, type Command } from 'commander'
import type { SourceSettings } from '#contract'
import { wholeNumber } from './whole-number.ts'

export interface SourceOptions extends OcrOptions {
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly hidden?: boolean
  readonly programFolders?: boolean
  readonly gitignore: boolean
  readonly maxSize?: number
}

export function addSourceOptions(command: Command): Command {
  return addOcrOptions(command)
    .option(
      '--include <glob>',
      'only files that match one; of the sources that are new in the index',
      gathered,
    )
    .option('--exclude <glob>', 'leave out files and folders that match one', gathered)
    .option('--hidden', 'read hidden files and folders, too')
    .option('--program-folders', 'read node_modules, Python environments and the like, too')
    .option('--no-gitignore', 'read what .gitignore leaves out, too')
    .option('--max-size <megabytes>', 'leave out larger files', wholeNumber(1, 1_000_000))
}

export interface OcrOptions {
  readonly ocr?: string[] | false
}

export function addOcrOptions(command: Command): Command {
  return command
    .option(
      '--ocr <languages>',
      'read text in images and scanned pages, too, from now on: eng, or deu+eng',
      languages,
    )
    .option('--no-ocr', 'read text in images no more')
}

/** Null: not any more; undefined: as the index says. */
export function recognizedLanguages({ ocr }: OcrOptions): string[] | null | undefined {
  return ocr === false ? null : ocr
}

export function sourceSettings(options: SourceOptions): Partial<Omit<SourceSettings, 'path'>> {
  const { include, exclude, hidden = false, programFolders = false, gitignore, maxSize } = options
  return {
    include: [...(include ?? [])],
    exclude: [...(exclude ?? [])],
    ...{ hidden, programFolders, gitignore },
    maximumBytes: maxSize === undefined ? null : maxSize * 1_000_000,
  }
}

/** An option that may be given more than once: one that takes many words would take the paths, too. */
function gathered(glob: string, before: readonly string[] = []): readonly string[] {
  return [...before, glob]
}

function languages(text: string): string[] {
  const names = text.split('+')
  if (names.every((name) => /^[a-zA-Z_]{3,20}$/.test(name))) return names
  throw new InvalidArgumentError('It must be names of languages as tesseract has them: eng, or deu+eng.')
}
