// The reference: every operation of openapi.json, in its order. What is inside of an
// operation is made when it is opened, so that the page is there at once.

import { el } from './element.js'
import { describe, nameOf, propertiesOf } from './schema.js'
import { commandLine, tryIt } from './try.js'

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Prose with `code` in it. */
function prose(text) {
  return el('p', {}, ...text.split('`').map((t, i) => i % 2 ? el('code', {}, t) : t))
}

function fields(doc, schema, inside = []) {
  const name = nameOf(doc, schema)
  if (name && inside.includes(name)) return undefined
  const all = propertiesOf(doc, schema)
  if (!all.length) return undefined
  return el('ul', { class: 'fields' }, ...all.map((f) => el('li', {},
    el('code', {}, f.name), ' ', el('span', { class: 'type' }, describe(doc, f.of)), ' ',
    f.required && el('span', { class: 'must' }, 'required '), f.of.description ?? '',
    fields(doc, f.of, name ? [...inside, name] : inside))))
}

function parameters(doc, list) {
  return [el('h4', {}, 'Parameters'), el('ul', { class: 'fields' }, ...list.map((p) => el('li', {},
    el('code', {}, p.name), ' ', el('span', { class: 'type' }, `${p.in}, ${describe(doc, p.schema ?? {})}`), ' ',
    p.required && el('span', { class: 'must' }, 'required '), p.description ?? p.schema?.description ?? '')))]
}

function content(doc, of) {
  return Object.entries(of ?? {}).flatMap(([media, { schema = {} }]) => [
    el('p', { class: 'what' }, `${media}: ${describe(doc, schema)}${schema.description ? `. ${schema.description}` : ''}`), fields(doc, schema)])
}

function inside(doc, method, path, op) {
  const parts = [op.description && prose(op.description)]
  if (op.parameters?.length) parts.push(...parameters(doc, op.parameters))
  if (op.requestBody) parts.push(el('h4', {}, 'Body'), ...content(doc, op.requestBody.content))
  parts.push(el('h4', {}, 'Answers'))
  for (const [status, r] of Object.entries(op.responses ?? {})) {
    parts.push(el('p', {}, el('strong', {}, status === 'default' ? 'Any other' : status), ` ${r.description ?? ''}`))
    if (status !== 'default') parts.push(...content(doc, r.content))
    else parts.push(el('p', { class: 'what' }, 'application/problem+json with type, title, status, detail, a stable code, errors with a pointer each, request_id.'))
    for (const [name, h] of Object.entries(r.headers ?? {})) parts.push(el('p', { class: 'what' }, `Header ${name}: ${h.schema?.description ?? h.description ?? ''}`))
  }
  parts.push(el('h4', {}, 'Command line'), el('pre', { tabindex: '0', 'aria-label': 'Command line' }, commandLine(doc, method, path, op)))
  parts.push(el('h4', {}, 'Try it'), tryIt(doc, method, path, op))
  return el('div', { class: 'body' }, ...parts.filter(Boolean))
}

function operation(doc, method, path, op) {
  const details = el('details', {}, el('summary', {},
    el('h3', {}, el('span', { class: `method ${method}` }, method.toUpperCase()), ' ', el('code', {}, path)), el('span', { class: 'what' }, op.summary ?? '')))
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(inside(doc, method, path, op))
  })
  return el('article', { id: op.operationId }, details)
}

function show(doc) {
  document.getElementById('about').replaceChildren(...prose(doc.info.description ?? '').childNodes)
  const all = Object.entries(doc.paths).flatMap(([path, item]) => methods.filter((m) => item[m]).map((m) => ({ m, path, op: item[m] })))
  const tags = [...new Set(all.map(({ op }) => op.tags?.[0] ?? 'other'))]
  const sections = tags.map((tag) => {
    const rows = all.filter(({ op }) => (op.tags?.[0] ?? 'other') === tag).map(({ m, path, op }) => ({
      text: `${m} ${path} ${op.summary} ${op.description} ${op.operationId}`.toLowerCase(),
      article: operation(doc, m, path, op),
      link: el('li', {}, el('a', { href: `#${op.operationId}` }, op.summary ?? path)),
    }))
    const section = el('section', { 'aria-labelledby': `tag-${tag}` }, el('h2', { id: `tag-${tag}` }, tag), ...rows.map((r) => r.article))
    const links = el('div', {}, el('h2', {}, tag), el('ul', {}, ...rows.map((r) => r.link)))
    document.getElementById('contents').append(links)
    document.getElementById('operations').append(section)
    return { rows, section, links }
  })

  const find = document.getElementById('find')
  find.addEventListener('input', () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean)
    let found = 0
    for (const { rows, section, links } of sections) {
      let here = 0
      for (const r of rows) {
        const fits = words.every((w) => r.text.includes(w))
        r.article.hidden = r.link.hidden = !fits
        here += fits
      }
      section.hidden = links.hidden = !here
      found += here
    }
    document.getElementById('none').hidden = found > 0
  })

  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
    if (target?.tagName !== 'ARTICLE') return
    target.querySelector('details').open = true
    target.scrollIntoView()
  }
  addEventListener('hashchange', open)
  open()
}

try {
  const r = await fetch('openapi.json')
  if (!r.ok) throw new Error(`status ${r.status}`)
  show(await r.json())
} catch (e) {
  document.getElementById('about').textContent = `The OpenAPI document cannot be read: ${e.message}`
}
