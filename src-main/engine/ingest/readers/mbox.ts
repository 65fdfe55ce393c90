/** A mailbox: a document for each mail, as LlamaIndex's MboxReader makes them. */
import { StackroomError } from '#contract'
import { mailToText } from './mail-text.ts'
import type { FileReader, ReadPart } from './reader.ts'

export const mboxReader: FileReader = {
  maximumBytes: 300 * 1024 * 1024,
  numbersParts: true,
  async read({ bytes }) {
    const parts: ReadPart[] = []
    let failure: unknown
    for (const mail of mails(bytes)) {
      try {
        parts.push({ part: parts.length, text: await mailToText(mail), metadata: {} })
      } catch (error) {
        // The other mails of a damaged mailbox are worth having; when none is left this is why.
        failure = error
      }
    }
    if (parts.length > 0) return parts
    throw failure instanceof StackroomError
      ? failure
      : new StackroomError('broken-file', 'This is not a mailbox: no line begins a mail in it.', {
          hint: 'Export it again from the mail program.',
        })
  },
}

/** Every line that begins with `From ` begins a mail, as in Python's `mailbox.mbox`; programs write `>From ` within mails. */
function* mails(bytes: Buffer): Generator<Buffer> {
  const mark = 'From '
  let start = bytes.toString('latin1', 0, mark.length) === mark ? 0 : nextMail(bytes, 0)
  while (start >= 0) {
    const next = nextMail(bytes, start)
    const firstLine = bytes.indexOf(0x0a, start)
    const end = next < 0 ? bytes.length : next
    yield firstLine < 0 || firstLine >= end ? bytes.subarray(end) : bytes.subarray(firstLine + 1, end)
    start = next
  }

  function nextMail(within: Buffer, from: number): number {
    const found = within.indexOf(`\n${mark}`, from, 'latin1')
    return found < 0 ? -1 : found + 1
  }
}
