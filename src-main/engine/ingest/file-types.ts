/** Which reader a file goes to, by its name alone: what scanning can say before anything is read. */
import { basename, extname } from 'node:path'
import { StackroomError } from '#contract'

const readerNames = [
  'text',
  'html',
  'pdf',
  'docx',
  'pptx',
  'xlsx',
  'odt',
  'ods',
  'odp',
  'rtf',
  'epub',
  'csv',
  'ipynb',
  'eml',
  'mbox',
  'subtitles',
  'man',
  'image',
] as const
export type ReaderName = (typeof readerNames)[number]

const extensionsOfReaders: Readonly<Record<ReaderName, string>> = {
  // Markdown, reStructuredText, LaTeX, JSON, YAML, XML too: SimpleDirectoryReader takes them as they stand.
  text: `txt text md markdown mdx rst adoc asciidoc org tex latex bib log json jsonl ndjson json5 geojson yaml yml
    toml ini cfg conf properties env xml xsd xsl svg rss atom opml po pot diff patch ics vcf sql graphql proto
    py pyi js mjs cjs jsx ts mts cts tsx java kt kts scala groovy c h cc cpp cxx hh hpp hxx m mm cs fs vb go rs rb php pl pm lua
    r jl hs ml mli ex exs erl clj cljs lisp el scm dart swift zig nim pas f f90 asm s sh bash zsh fish ps1 bat cmd awk sed
    vue svelte css scss sass less tcl cmake gradle mk dockerfile tf nix`,
  html: 'html htm xhtml shtml',
  pdf: 'pdf',
  docx: 'docx docm dotx dotm',
  pptx: 'pptx pptm ppsx ppsm',
  xlsx: 'xlsx xlsm xltx',
  odt: 'odt ott fodt',
  ods: 'ods ots fods',
  odp: 'odp otp fodp',
  rtf: 'rtf',
  epub: 'epub',
  csv: 'csv tsv tab psv',
  ipynb: 'ipynb',
  eml: 'eml',
  mbox: 'mbox mbx',
  subtitles: 'srt vtt sub ass ssa',
  man: 'man mdoc',
  image: 'png jpg jpeg webp bmp pbm pgm ppm pnm',
}

/** Files that hold no text, or whose text no reader here can get at: what to tell about them. */
const withoutReader: readonly { extensions: string; message: string; hint?: string }[] = [
  {
    extensions: 'gif tif tiff ico heic heif avif psd ai eps raw cr2 nef dng xcf odg',
    message: 'This is a picture of a kind that Stackroom does not read.',
    hint: 'Text recognition takes PNG, JPEG, WebP and BMP: save it as one of these.',
  },
  {
    extensions:
      'mp3 wav flac ogg oga opus m4a aac wma aiff mid midi mp4 m4v mkv mov avi wmv webm mpg mpeg flv 3gp swf',
    message: 'This holds sound or moving pictures, not text.',
  },
  {
    extensions: `zip tar tgz bz2 tbz2 xz txz zst 7z rar jar war ear whl egg deb rpm apk dmg iso img msi cab pkg`,
    message: 'This is an archive; what is in archives is not read.',
    hint: 'Unpack it and add the folder.',
  },
  {
    extensions:
      'exe dll so dylib a o obj lib bin class pyc pyo wasm node blend fbx glb stl ttf otf woff woff2 eot',
    message: 'This is a program or a part of one, not a document.',
  },
  {
    extensions: `dat db sqlite sqlite3 mdb accdb parquet feather arrow orc npy npz pkl pickle pt pth onnx safetensors gguf
      h5 hdf5`,
    message: 'This holds data that programs read, not text.',
  },
  {
    extensions: 'xlsb pages numbers key mobi azw azw3 djvu chm msg pst hwp lnk',
    message: 'This is a document of a format that Stackroom does not read.',
    hint: 'Save it as PDF, or in an office or text format, and add that.',
  },
]

const readerOfExtension = new Map<string, ReaderName>()
for (const name of readerNames) {
  for (const extension of extensionsOfReaders[name].split(/\s+/)) readerOfExtension.set(extension, name)
}
const reasonOfExtension = new Map<string, (typeof withoutReader)[number]>()
for (const reason of withoutReader) {
  for (const extension of reason.extensions.split(/\s+/)) reasonOfExtension.set(extension, reason)
}

/** What a user turned on that is off by default. */
export interface ReaderOptions {
  /** The languages of text in pictures, as tesseract names them: `eng`. Without them pictures are not read. */
  readonly recognizeText?: readonly string[] | undefined
}

export function recognizesText({ recognizeText }: ReaderOptions): boolean {
  return recognizeText !== undefined && recognizeText.length > 0
}

/**
 * `null`: no reader for files of this name. `unknown`: the name says nothing; the content says which reader the file goes to,
 * or that there is none for it.
 */
export function readerByName(
  path: string,
  { recognizeText }: ReaderOptions = {},
): ReaderName | 'unknown' | null {
  const extension = extensionOf(withoutGzip(path))
  const reader = readerOfExtension.get(extension)
  if (reader === 'image' && !recognizesText({ recognizeText })) return null
  if (reader !== undefined) return reader
  return reasonOfExtension.has(extension) ? null : 'unknown'
}

/** Read where their content is of a newer format, as some programs write it under the older ending. */
const olderOffice = new Set('doc dot xls xlt ppt pps'.split(' '))

/** Why a file has no reader, and what to do about it, for its owner. */
export function reasonWithoutReader(path: string): { readonly message: string; readonly hint?: string } {
  const extension = extensionOf(withoutGzip(path))
  if (readerOfExtension.get(extension) === 'image')
    return {
      message: 'This is a picture, and text in pictures is not read.',
      hint: 'Turn text recognition on to read it.',
    }
  if (olderOffice.has(extension))
    return {
      message: 'This document is of an older Office format, which Stackroom does not read.',
      hint: 'Save it in the current format and add that.',
    }
  return (
    reasonOfExtension.get(extension) ?? {
      message: `Stackroom has no reader for ${extensionForPeople(path)}.`,
    }
  )
}

export function unsupportedType(path: string, cause?: unknown): StackroomError {
  const { message, hint } = reasonWithoutReader(path)
  return new StackroomError('unsupported-type', message, { hint, cause })
}

/** Endings for which SimpleDirectoryReader has a reader class: the ids of its documents are `<path>_part_<n>`. */
const readerClasses = new Set(
  'hwp pdf docx pptx ppt pptm gif jpg png jpeg webp mp3 mp4 csv epub mbox ipynb xls xlsx'.split(' '),
)

export function hasReaderClass(path: string): boolean {
  return readerClasses.has(extensionOf(path))
}

/** The name of the file that is packed, where the name says that one is. */
export function withoutGzip(path: string): string {
  return /.\.gz$/i.test(path) ? path.slice(0, -3) : path
}

function extensionOf(path: string): string {
  return extname(basename(path)).slice(1).toLowerCase()
}

function extensionForPeople(path: string): string {
  const extension = extname(path)
  return extension === '' ? 'files without an ending' : `${extension} files`
}
