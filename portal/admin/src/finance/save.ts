/** CSV as product §2.2 wants it: BOM, RFC 4180, and no cell that a sheet would run. */
export function csv(rows: readonly (readonly string[])[]): string {
  const cell = (v: string) => {
    const safe = /^[=+\-@\t\r]/.test(v) && !/^-?\d+(\.\d+)?$/.test(v) ? `'${v}` : v
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
  }
  return `\ufeff${rows.map((r) => r.map(cell).join(',')).join('\r\n')}\r\n`
}

/** Hands a file to the browser; content is a data: address or text. */
export function save(name: string, content: string): void {
  const url = content.startsWith('data:') ? content : URL.createObjectURL(new Blob([content], { type: 'text/csv;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  if (url !== content) setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
