// Schemas of the document: as a list to read, and as an example to begin with.

/** What a $ref points at. */
export function resolve(doc, schema) {
  const seen = new Set()
  while (schema?.$ref && !seen.has(schema.$ref)) {
    seen.add(schema.$ref)
    schema = schema.$ref.slice(2).split('/').reduce((o, k) => o?.[k], doc)
  }
  return schema ?? {}
}

const typeOf = (s) => Array.isArray(s.type) ? s.type.filter((t) => t !== 'null')[0] : s.type

/** One line about a value: its type and its limits. */
export function describe(doc, schema) {
  const s = resolve(doc, schema)
  const t = typeOf(s)
  const words = []
  if (t === 'array') words.push(`list of ${describe(doc, s.items ?? {})}`)
  else words.push(schema.$ref ? schema.$ref.split('/').pop() : (t ?? 'anything') + (s.format ? ` (${s.format})` : ''))
  if (s.enum) words.push(`one of ${s.enum.join(', ')}`)
  if (s.minimum !== undefined) words.push(`from ${s.minimum}`)
  if (s.maximum !== undefined) words.push(`to ${s.maximum}`)
  if (s.minLength !== undefined) words.push(`at least ${s.minLength} characters`)
  if (s.maxLength !== undefined) words.push(`at most ${s.maxLength} characters`)
  if (s.minItems !== undefined) words.push(`at least ${s.minItems}`)
  if (s.maxItems !== undefined) words.push(`at most ${s.maxItems}`)
  if (s.pattern) words.push(`like ${s.pattern}`)
  if (s.default !== undefined) words.push(`else ${JSON.stringify(s.default)}`)
  return words.join(', ')
}

/** The properties to list below a schema: of an object, or of a list's objects. */
export function propertiesOf(doc, schema) {
  const s = resolve(doc, schema)
  if (typeOf(s) === 'array') return propertiesOf(doc, s.items ?? {})
  if (!s.properties) return []
  return Object.entries(s.properties).map(([name, of]) => ({ name, of, required: (s.required ?? []).includes(name) }))
}

/** The schema that a list of properties belongs to, to notice one inside of itself. */
export function nameOf(doc, schema) {
  if (schema.$ref) return schema.$ref
  const s = resolve(doc, schema)
  return typeOf(s) === 'array' && s.items ? nameOf(doc, s.items) : ''
}

/** A value that fits, with what is required and nothing else. */
export function example(doc, schema, inside = []) {
  const name = schema.$ref
  if (name && inside.includes(name)) return null
  const s = resolve(doc, schema)
  const below = name ? [...inside, name] : inside
  const given = s.examples?.[0] ?? s.example ?? s.default ?? s.enum?.[0]
  if (given !== undefined) return given
  switch (typeOf(s)) {
    case 'object': {
      const required = s.required ?? []
      const all = Object.entries(s.properties ?? {})
      const chosen = required.length ? all.filter(([k]) => required.includes(k)) : all
      return Object.fromEntries(chosen.map(([k, v]) => [k, example(doc, v, below)]))
    }
    case 'array': return s.minItems > 0 ? [example(doc, s.items ?? {}, below)] : []
    case 'integer':
    case 'number': return s.minimum ?? 0
    case 'boolean': return false
    default: return s.format === 'date-time' ? '2026-01-31T12:00:00Z' : ''
  }
}
