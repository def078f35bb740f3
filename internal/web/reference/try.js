// "Try it": a form that sends the request from this page, to this server and no other.

import { el } from './element.js'
import { example, resolve } from './schema.js'

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, '0')).join('')
}

/** The CSRF token of the portal's login in this browser, if there is one. */
async function csrf() {
  const r = await fetch('v1/me')
  return r.ok ? (await r.json()).csrf_token : undefined
}

/** The form of one operation. */
export function tryIt(doc, method, path, op) {
  const inputs = (op.parameters ?? []).map((p) => {
    const s = resolve(doc, p.schema ?? {})
    const input = s.enum
      ? el('select', {}, el('option', { value: '' }, ''), ...s.enum.map((v) => el('option', { value: v }, v)))
      : el('input', { autocomplete: 'off' })
    if (p.name === 'Idempotency-Key') input.value = randomKey()
    if (p.required) input.required = true
    return { p, input }
  })
  const media = Object.keys(op.requestBody?.content ?? {})[0]
  const body = media && el('textarea', { spellcheck: 'false' })
  if (body) body.value = JSON.stringify(example(doc, op.requestBody.content[media].schema ?? {}), null, 2)
  const answer = el('pre', { tabindex: '0', hidden: '', 'aria-label': 'Answer' })
  const status = el('p', { role: 'status' })
  const stop = el('button', { type: 'button', hidden: '' }, 'Stop')

  const request = () => {
    const url = new URL(path.slice('/api/'.length).replace(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(inputs.find(({ p }) => p.name === name)?.input.value ?? '')), document.baseURI)
    const headers = {}
    for (const { p, input } of inputs) {
      if (input.value === '') continue
      if (p.in === 'query') url.searchParams.set(p.name, input.value)
      if (p.in === 'header') headers[p.name] = input.value
    }
    const token = document.getElementById('token').value.trim()
    if (token) headers.Authorization = `Bearer ${token}`
    if (body) headers['Content-Type'] = media
    return { url, headers, token }
  }

  const form = el('form', {},
    ...inputs.map(({ p, input }) => el('label', {}, el('span', {}, p.name + (p.required ? ' (required)' : '')), input)),
    body && el('label', {}, el('span', {}, `Body, ${media}`), body),
    el('button', { type: 'submit' }, 'Send'), ' ', stop, status, answer)

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const abort = new AbortController()
    stop.onclick = () => abort.abort()
    stop.hidden = false
    answer.hidden = true
    answer.textContent = ''
    status.textContent = 'Sent…'
    try {
      const { url, headers, token } = request()
      if (!token && method !== 'get') {
        const value = await csrf()
        if (value) headers['X-CSRF-Token'] = value
      }
      const begin = performance.now()
      const r = await fetch(url, { method: method.toUpperCase(), headers, body: body?.value, signal: abort.signal })
      // Answered: the next Send is another request. Without an answer it is the same one again.
      for (const { p, input } of inputs) if (p.name === 'Idempotency-Key' && input.value === headers[p.name]) input.value = randomKey()
      status.textContent = `${r.status} ${r.statusText} after ${Math.round(performance.now() - begin)} ms`
      answer.hidden = false
      if (r.headers.get('Content-Type')?.startsWith('text/event-stream')) {
        const reader = r.body.pipeThrough(new TextDecoderStream()).getReader()
        for (let part = await reader.read(); !part.done; part = await reader.read()) answer.append(part.value)
      } else {
        const shown = ['ETag', 'Location', 'Retry-After'].flatMap((h) => r.headers.get(h) ? [`${h}: ${r.headers.get(h)}\n`] : [])
        const text = await r.text()
        let pretty = text
        try { pretty = JSON.stringify(JSON.parse(text), null, 2) } catch { /* no JSON: as it came */ }
        answer.textContent = shown.join('') + pretty
      }
    } catch (e) {
      status.textContent = abort.signal.aborted ? 'Stopped.' : `No answer: ${e.message}`
    }
    stop.hidden = true
  })
  return form
}

/** The same as a command line. */
export function commandLine(doc, method, path, op) {
  const quoted = (s) => `'${s.replaceAll("'", "'\\''")}'`
  const parts = ['curl']
  if (Object.values(op.responses ?? {}).some((r) => r.content?.['text/event-stream'])) parts.push('-N')
  if (method !== 'get') parts.push('-X', method.toUpperCase())
  if ((op.security ?? doc.security ?? []).length) parts.push('-H', quoted('Authorization: Bearer TOKEN'))
  for (const p of op.parameters ?? []) {
    if (p.in === 'header' && p.required) parts.push('-H', quoted(`${p.name}: ${p.name === 'If-Match' ? '"1"' : 'SOMETHING-NEW'}`))
  }
  const media = Object.keys(op.requestBody?.content ?? {})[0]
  if (media) parts.push('-H', quoted(`Content-Type: ${media}`), '-d', quoted(JSON.stringify(example(doc, op.requestBody.content[media].schema ?? {}))))
  parts.push(quoted(`${location.origin}${path}`))
  return parts.join(' ')
}
