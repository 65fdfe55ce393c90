/** Which reader a file goes to, by its name alone: what scanning can say before anything is read. */
import { basename, extname } from 'node:path'

const readerNames = ['text', 'html', 'pdf', 'docx', 'pptx', 'xlsx', 'odf', 'epub', 'ipynb'] as const
export type ReaderName = (typeof readerNames)[number]

const extensionsOfReaders: Readonly<Record<ReaderName, string>> = {
  // Markdown too: SimpleDirectoryReader has no reader of its own for it and takes it as it stands.
  text: `txt text md markdown mdx rst adoc asciidoc org tex latex bib log csv tsv psv json jsonl ndjson json5 geojson yaml yml
    toml ini cfg conf properties env xml xsd xsl svg rss atom opml srt vtt sub po pot diff patch eml ics vcf sql graphql proto
    py pyi js mjs cjs jsx ts mts cts tsx java kt kts scala groovy c h cc cpp cxx hh hpp hxx m mm cs fs vb go rs rb php pl pm lua
    r jl hs ml mli ex exs erl clj cljs lisp el scm dart swift zig nim pas f f90 asm s sh bash zsh fish ps1 bat cmd awk sed
    vue svelte css scss sass less tcl cmake gradle mk dockerfile tf nix`,
  html: 'html htm xhtml shtml',
  pdf: 'pdf',
  docx: 'docx docm dotx',
  pptx: 'pptx pptm',
  xlsx: 'xlsx xlsm',
  odf: 'odt ods odp',
  epub: 'epub',
  ipynb: 'ipynb',
}

/** Files that hold no text, or whose text no reader here can get at. */
const withoutReader = `png jpg jpeg gif webp bmp tif tiff ico heic heif avif psd ai eps raw cr2 nef dng xcf
  mp3 wav flac ogg oga opus m4a aac wma aiff mid midi mp4 m4v mkv mov avi wmv webm mpg mpeg flv 3gp
  zip tar tgz bz2 tbz2 xz txz zst 7z rar jar war ear whl egg deb rpm apk dmg iso img msi cab pkg
  exe dll so dylib a o obj lib bin class pyc pyo wasm node dat db sqlite sqlite3 mdb accdb parquet feather arrow orc npy npz pkl
  pickle pt pth onnx safetensors gguf h5 hdf5 ttf otf woff woff2 eot swf blend fbx glb stl
  doc dot xls xlsb ppt odg rtf pages numbers key mobi azw azw3 djvu chm mbox msg pst lnk`

const readerOfExtension = new Map<string, ReaderName>()
for (const name of readerNames) {
  for (const extension of extensionsOfReaders[name].split(/\s+/)) readerOfExtension.set(extension, name)
}
const extensionsWithoutReader = new Set(withoutReader.split(/\s+/))

/**
 * `null`: no reader for files of this name. `unknown`: the name says nothing; the file is read as text if its content
 * turns out to be text, and skipped otherwise.
 */
export function readerByName(path: string): ReaderName | 'unknown' | null {
  const extension = extname(basename(withoutGzip(path)))
    .slice(1)
    .toLowerCase()
  const reader = readerOfExtension.get(extension)
  if (reader !== undefined) return reader
  return extensionsWithoutReader.has(extension) ? null : 'unknown'
}

/** Whether the file is one of another type, packed by gzip. */
export function isGzip(path: string): boolean {
  return /.\.gz$/i.test(path)
}

function withoutGzip(path: string): string {
  return isGzip(path) ? path.slice(0, -3) : path
}

export function extensionForPeople(path: string): string {
  const extension = extname(path)
  return extension === '' ? 'files without an ending' : `${extension} files`
}
