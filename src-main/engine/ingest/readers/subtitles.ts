/**
 * Subtitles (SubRip, WebVTT, MicroDVD, Advanced SubStation) as the text that is spoken, without its times. A pause of some
 * seconds begins a paragraph. SimpleDirectoryReader takes the files as they stand, and most of what would be embedded is numbers.
 */
import { StackroomError } from '#contract'
import { decodeText } from './decode-text.ts'
import type { FileReader } from './reader.ts'

interface Cue {
  /** In seconds. */
  readonly start: number
  readonly end: number
  readonly text: string
}

const pauseSeconds = 4

export const subtitlesReader: FileReader = {
  maximumBytes: 20 * 1024 * 1024,
  numbersParts: false,
  read({ bytes }) {
    const cues = readCues(decodeText(bytes).replaceAll('\r\n', '\n').replaceAll('\r', '\n'))
    if (cues.length === 0)
      throw new StackroomError('broken-file', 'There are no subtitles in this file.', {
        hint: 'Subtitles are read as SubRip, WebVTT, MicroDVD or SubStation.',
      })
    return [{ part: 0, text: cuesToText(cues), metadata: {} }]
  },
}

function readCues(text: string): Cue[] {
  if (/^\{\d+\}\{\d+\}/m.test(text)) return readFrames(text)
  if (/^Dialogue:/m.test(text)) return readDialogue(text)
  const cues: Cue[] = []
  for (const block of text.split(/\n[ \t]*\n/)) {
    const times = /(?:^|\n)\s*((?:\d+:)?\d+:\d+[.,]\d+)\s*-->\s*((?:\d+:)?\d+:\d+[.,]\d+)[^\n]*(?:\n|$)/.exec(
      block,
    )
    if (!times) continue
    const spoken = block.slice(times.index + times[0].length)
    cues.push({ start: seconds(times[1] ?? ''), end: seconds(times[2] ?? ''), text: withoutMarkup(spoken) })
  }
  return cues
}

/** `{25}{75}One|Two`, counted in frames, of which a second has about 25. */
function readFrames(text: string): Cue[] {
  return [...text.matchAll(/^\{(\d+)\}\{(\d*)\}(.*)$/gm)].map(([, start, end, spoken = '']) => ({
    start: Number(start) / 25,
    end: Number(end) / 25,
    text: withoutMarkup(spoken.replaceAll('|', '\n')),
  }))
}

/** `Dialogue: 0,0:00:01.00,0:00:03.00,Default,Name,0,0,0,,Text`; the text may have commas. */
function readDialogue(text: string): Cue[] {
  return [...text.matchAll(/^Dialogue:[^,]*,([^,]*),([^,]*),(?:[^,]*,){6}(.*)$/gm)].map(
    ([, start = '', end = '', spoken = '']) => ({
      start: seconds(start),
      end: seconds(end),
      text: withoutMarkup(spoken.replaceAll(/\\[Nn]/g, '\n')),
    }),
  )
}

/** `1:02:03,400` or `02:03.400` */
function seconds(time: string): number {
  return time
    .trim()
    .replace(',', '.')
    .split(':')
    .reduce((total, part) => total * 60 + Number(part), 0)
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', lrm: '', rlm: '' }

/** Voices of WebVTT say who speaks. */
function withoutMarkup(text: string): string {
  return text
    .replace(/<v(?:\.[\w.]+)?\s+([^<>]+)>/g, '$1: ')
    .replace(/<\/?[a-z\d][^<>]*>|\{\\[^{}]*\}/gi, '')
    .replace(/&(\w+);/g, (entity, name: string) => entities[name] ?? entity)
    .replace(/\s+/g, ' ')
    .trim()
}

function cuesToText(cues: readonly Cue[]): string {
  let text = ''
  let last: Cue | undefined
  for (const cue of cues) {
    // Subtitles that roll up say the line before again.
    if (cue.text === '' || cue.text === last?.text) continue
    if (last) text += cue.start - last.end >= pauseSeconds ? '\n\n' : '\n'
    text += cue.text
    last = cue
  }
  return text
}
