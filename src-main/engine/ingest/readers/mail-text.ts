/**
 * A mail as text, in the format of LlamaIndex's MboxReader: date, sender, receiver, subject, then the content. Its lines stay
 * lines (MboxReader joins them), and the attachments are listed.
 */
import PostalMime, { decodeWords, type Attachment, type Email } from 'postal-mime'
import { StackroomError } from '#contract'
import { htmlToText } from './html.ts'

/** @throws StackroomError `broken-file` for more nesting or headers than any mail has */
export async function mailToText(bytes: Uint8Array): Promise<string> {
  let email: Email
  try {
    email = await PostalMime.parse(bytes, { maxNestingDepth: 100 })
  } catch (error) {
    throw new StackroomError('broken-file', 'This mail is damaged, or made to keep readers busy.', {
      hint: 'Open it in a mail program; if that shows it, save a copy from there and add that.',
      cause: error,
    })
  }
  const text = content(email)
  const lines = [
    header(email, 'Date', 'date'),
    header(email, 'From', 'from'),
    header(email, 'To', 'to'),
    header(email, 'Cc', 'cc'),
    header(email, 'Subject', 'subject'),
    `Content: ${text}`,
  ]
  const attachments = email.attachments.filter(({ related }) => related !== true).map(describe)
  if (attachments.length > 0) lines.push('', `Attachments: ${attachments.join(', ')}`)
  else if (text === '' && email.headers.length === 0) return ''
  return lines.filter((line) => line !== undefined).join('\n')
}

function header({ headers }: Email, name: string, key: string): string | undefined {
  const value = headers.find((each) => each.key === key)?.value.trim()
  return value === undefined || value === '' ? undefined : `${name}: ${decodeWords(value)}`
}

function content({ text, html }: Email): string {
  const plain = text?.trim() ?? ''
  return plain === '' && html !== undefined ? htmlToText(html, { withTitle: false }) : plain
}

function describe({ filename, mimeType, content: data }: Attachment): string {
  const bytes = typeof data === 'string' ? data.length : data.byteLength
  const size = bytes < 1024 ? `${bytes} B` : `${Math.round(bytes / 1024)} KB`
  return `${filename ?? 'unnamed'} (${mimeType}, ${size})`
}
