/**
 * A damaged store file written anew with the entries that are whole: those before the damage, without the ones that are no
 * JSON. What is kept keeps its very text.
 */
import { closeSync, openSync } from 'node:fs'
import { StackroomError } from '#contract'
import { checkEntry, scanStoreFile, type ScanToken } from '../llamaindex/json-scanner.ts'
import { pythonJsonString } from '../llamaindex/python-json.ts'
import { sectionRoleOf, type StoreFile } from '../llamaindex/store-files.ts'
import type { OutputFile } from '../output-file.ts'
import { readStructFacts } from './struct-facts.ts'

export interface Salvaged {
  readonly kept: number
  /** Entries that are there, but cannot be read. What comes after the damage is not counted: nobody can tell. */
  readonly dropped: number
}

export function salvageFile(path: string, { role }: StoreFile, output: OutputFile): Salvaged {
  const source = openSync(path, 'r')
  try {
    const writer = new SectionWriter(output)
    let kept = 0
    let dropped = 0
    let section = ''
    try {
      for (const token of scanStoreFile(path, { leaveUnchecked: () => true })) {
        if (token.kind === 'section-start') {
          section = token.name
          writer.startSection(section)
        } else if (token.kind === 'section-end') writer.endSection()
        else if (token.kind === 'entry' && isWhole(path, token, sectionRoleOf(role, section))) {
          writer.separate()
          output.copy(source, token.keyStart, token.valueEnd)
          kept++
        } else if (token.kind === 'entry') dropped++
      }
    } catch (error) {
      if (!(error instanceof StackroomError) || error.code !== 'damaged-file') throw error
    }
    writer.finish()
    return { kept, dropped }
  } finally {
    closeSync(source)
  }
}

function isWhole(path: string, token: Extract<ScanToken, { kind: 'entry' }>, role: string): boolean {
  try {
    checkEntry(path, token)
    return role !== 'index-structs' || readStructFacts(token.value) !== null
  } catch (error) {
    if (error instanceof StackroomError && error.code === 'damaged-file') return false
    throw error
  }
}

class SectionWriter {
  readonly #output: OutputFile
  #sections = 0
  #entries = 0
  #isOpen = false

  constructor(output: OutputFile) {
    this.#output = output
    output.write('{')
  }

  startSection(name: string): void {
    this.#output.write(`${this.#sections++ === 0 ? '' : ', '}${pythonJsonString(name)}: {`)
    this.#entries = 0
    this.#isOpen = true
  }

  separate(): void {
    if (this.#entries++ > 0) this.#output.write(', ')
  }

  endSection(): void {
    if (this.#isOpen) this.#output.write('}')
    this.#isOpen = false
  }

  finish(): void {
    this.endSection()
    this.#output.write('}')
  }
}
