/** Hands a file to the browser or the desktop window to save. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  // the download has begun with its own hold on the content
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
