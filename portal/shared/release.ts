// Is the page that is open still that of the server? The document names its script by
// a hash of its content: another name is another release.

/** The script of a document: "/static/index-D3adB33f.js". */
export function releaseOf(html: string): string | undefined {
  return /<script\b[^>]*\bsrc="([^"]*\/static\/[^"]+\.js)"/.exec(html)?.[1]
}

/** What the page runs; in development there is none. */
export const runningRelease = (doc: Document): string | undefined =>
  [...doc.querySelectorAll<HTMLScriptElement>('script[src]')].map((s) => s.getAttribute('src') ?? '').find((s) => s.includes('/static/'))

/** Asks the server for its document. A server that does not answer is not a new release. */
export async function isNewRelease(running: string, ask: (url: string, init: RequestInit) => Promise<Response> = fetch): Promise<boolean> {
  try {
    const answer = await ask('/', { cache: 'no-store', credentials: 'omit', headers: { Accept: 'text/html' } })
    if (!answer.ok) return false
    const there = releaseOf(await answer.text())
    return there !== undefined && there !== running
  } catch {
    return false
  }
}
