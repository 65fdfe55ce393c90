/** Width and height that a picture says it has, before anything of it is unpacked. */
import type { PictureSize } from './text-recognition.ts'

export function imageSize(bytes: Buffer): PictureSize | undefined {
  try {
    return readSize(bytes)
  } catch (error) {
    // The file ends within its header.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readSize(bytes: Buffer): PictureSize | undefined {
  const mark = bytes.toString('latin1', 0, 4)
  if (mark === '\x89PNG') return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
  if (mark.startsWith('BM'))
    return { width: Math.abs(bytes.readInt32LE(18)), height: Math.abs(bytes.readInt32LE(22)) }
  if (mark.startsWith('\xff\xd8')) return jpegSize(bytes)
  if (mark === 'RIFF') return webpSize(bytes)
  const portable = /^P[1-6]\s+(?:#.*\s+)*(\d+)\s+(?:#.*\s+)*(\d+)/.exec(bytes.toString('latin1', 0, 1000))
  return portable ? { width: Number(portable[1]), height: Number(portable[2]) } : undefined
}

/** The first frame header (SOF), behind any number of other segments. */
function jpegSize(bytes: Buffer): PictureSize | undefined {
  for (let at = 2; ;) {
    if (bytes.readUInt8(at) !== 0xff) return undefined
    const marker = bytes.readUInt8(at + 1)
    if (marker === 0xff) at++
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
    else at += 2 + bytes.readUInt16BE(at + 2)
  }
}

function webpSize(bytes: Buffer): PictureSize | undefined {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
    case 'VP8L': {
      const packed = bytes.readUInt32LE(21)
      return { width: (packed & 0x3fff) + 1, height: ((packed >> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 }
    default:
      return undefined
  }
}
