/** One Python process that loads persist dirs with LlamaIndex and says what it sees. */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Contents } from './read-folder.ts'
import type { LookWithPython } from './torture.ts'

export interface Python {
  readonly look: LookWithPython
  close(): Promise<void>
}

export function startPython(): Python {
  const root = resolve(import.meta.dirname, '../..')
  const python = process.env.STACKROOM_PYTHON ?? join(root, '.venv/bin/python')
  const child = spawn(python, [join(import.meta.dirname, 'look.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((done) => child.on('close', () => done()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async look(persistDir) {
      child.stdin.write(`${JSON.stringify(persistDir)}\n`)
      const line = await lines.next()
      if (line.done) throw new Error('Python ended.')
      const answer = JSON.parse(line.value) as { contents?: Contents; error?: string }
      if (!answer.contents) throw new Error(`Python cannot load the folder: ${answer.error}`)
      return answer.contents
    },
    async close() {
      child.stdin.end()
      await ended
    },
  }
}
