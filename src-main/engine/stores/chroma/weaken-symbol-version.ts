/**
 * Makes a shared library ask for one version of a library's symbols weakly: the loader then goes on without it, and
 * symbols of that version are null. Chroma's engine is built on glibc 2.39 and asks for `GLIBC_2.39` because of two symbols
 * (pidfd_getpid, pidfd_spawnp) that Rust's standard library looks for before it uses them. For little-endian 64-bit ELF.
 */

const versionNeeds = 0x6ffffffe // SHT_GNU_verneed
const weak = 2 // VER_FLG_WEAK

interface Section {
  readonly type: number
  readonly offset: number
  readonly link: number
  /** For `.gnu.version_r`: how many libraries it has. */
  readonly info: number
}

/** Changes `library` in place. False when it is no such file, or does not ask for that version. */
export function weakenSymbolVersion(library: Buffer, version: string): boolean {
  const isElf64LittleEndian = library.readUInt32BE(0) === 0x7f454c46 && library[4] === 2 && library[5] === 1
  if (!isElf64LittleEndian) return false
  let isChanged = false
  for (const { offset, link, info } of sectionsOf(library).filter(({ type }) => type === versionNeeds)) {
    const names = sectionsOf(library)[link]?.offset ?? 0
    let need = offset
    for (let file = 0; file < info; file++) {
      let entry = need + library.readUInt32LE(need + 8)
      for (let left = library.readUInt16LE(need + 2); left > 0; left--) {
        if (textAt(library, names + library.readUInt32LE(entry + 8)) === version) {
          library.writeUInt16LE(library.readUInt16LE(entry + 4) | weak, entry + 4)
          isChanged = true
        }
        entry += library.readUInt32LE(entry + 12)
      }
      need += library.readUInt32LE(need + 12)
    }
  }
  return isChanged
}

function sectionsOf(library: Buffer): Section[] {
  const table = Number(library.readBigUInt64LE(0x28))
  const size = library.readUInt16LE(0x3a)
  return Array.from({ length: library.readUInt16LE(0x3c) }, (_, index) => {
    const at = table + index * size
    return {
      type: library.readUInt32LE(at + 4),
      offset: Number(library.readBigUInt64LE(at + 24)),
      link: library.readUInt32LE(at + 40),
      info: library.readUInt32LE(at + 44),
    }
  })
}

function textAt(library: Buffer, offset: number): string {
  return library.toString('latin1', offset, library.indexOf(0, offset))
}
