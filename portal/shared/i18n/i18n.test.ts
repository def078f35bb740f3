// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'
import de from './de.json'
import en from './en.json'
import { pseudo, pseudoAll } from './pseudo'

const strings = (tree: object, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([k, v]): [string, string][] => (typeof v === 'string' ? [[`${path}${k}`, v]] : strings(v as object, `${path}${k}.`)))

test('the pseudo-locale changes every string and leaves what is put in alone', () => {
  expect(pseudo('Stop of transaction {{transaction}}')).toMatch(/^\[Štöp öf tráñšáçtíöñ \{\{transaction\}\}~+\]$/)
  const changed = new Map(strings(pseudoAll(en)))
  for (const [key, value] of strings(en)) expect(changed.get(key), key).not.toBe(value)
})

test('a string with a count has all its plural forms', () => {
  const keys = new Set(strings(en).map(([k]) => k))
  for (const k of keys) if (k.endsWith('_one')) expect(keys.has(k.replace(/_one$/, '_other')), k).toBe(true)
})

test('German has the keys of English, each with what is put in', () => {
  const german = new Map(strings(de))
  const english = new Map(strings(en))
  const places = (s: string) => [...s.matchAll(/\{\{\w+\}\}/g)].map((m) => m[0]).sort()
  expect([...german.keys()].filter((k) => !english.has(k)), 'German without English').toEqual([])
  expect(strings(en).filter(([k]) => !german.has(k)).map(([k]) => k), 'English without German').toEqual([])
  expect(strings(en).filter(([k, v]) => String(places(v)) !== String(places(german.get(k)!))).map(([k]) => k), 'other places').toEqual([])
  expect([...german].filter(([, v]) => v.trim() === '').map(([k]) => k), 'empty').toEqual([])
})

test('every fault that a screen may meet has its sentence', () => {
  const internal = new URL('../../../internal/', import.meta.url)
  // The rest of internal/ speaks to charge points and to whoever runs the server.
  const speaks = /^(?:asset|ledger|member|operator|pay|psp|report|session|tariff|upkeep|web|fault)\//
  const codes = new Set<string>()
  for (const f of readdirSync(internal, { recursive: true, encoding: 'utf8' })) {
    if (!speaks.test(f) || !f.endsWith('.go') || f.endsWith('_test.go')) continue
    for (const m of readFileSync(new URL(f, internal), 'utf8').matchAll(/\bNew\((?:fault\.)?(\w+), "(\w+)"/g)) {
      if (m[1] !== 'Internal') codes.add(m[2]!)
    }
  }
  expect(codes.size).toBeGreaterThan(40)
  // These have sentences of their own.
  for (const known of ['stale_version', 'rate_limited', 'throttled']) codes.delete(known)
  expect([...codes].filter((c) => !(c in en.fault))).toEqual([])
})

const root = new URL('../../admin/src/', import.meta.url)
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.tsx') && !f.includes('.test.'))

/** Words that a person would read and that did not come from en.json. */
function hardCoded(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, root), 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX)
  const found: string[] = []
  const spoken = new Set(['title', 'label', 'alt', 'placeholder', 'aria-label', 'okText', 'cancelText', 'extra', 'tooltip', 'ok', 'what'])
  const isWord = (s: string) => /\p{L}{3,}/u.test(s)
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && isWord(node.text)) found.push(node.text.trim())
    if (ts.isJsxAttribute(node) && spoken.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer) && isWord(node.initializer.text)) {
      found.push(node.initializer.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found.map((s) => `${file}: ${s}`)
}

test('no screen has a word of its own', () => {
  expect(sources.length).toBeGreaterThan(30)
  // The unit kWh is the same in every language.
  expect(sources.flatMap(hardCoded).filter((s) => !s.endsWith(': kWh'))).toEqual([])
})

test('every key is used somewhere', () => {
  const code = [...sources, ...readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts') && !f.includes('.test.'))]
    .map((f) => readFileSync(new URL(f, root), 'utf8')).join('\n')
  const unused = strings(en).map(([k]) => k.replace(/_(one|other)$/, '')).filter((k) => {
    if (code.includes(`'${k}'`)) return false
    const group = k.slice(0, k.lastIndexOf('.'))
    const stem = k.replace(/_[^_.]+$/, '_')
    return !new RegExp(`['\`]${group.replaceAll('.', '\\.')}(\\.\\$\\{|['\`])`).test(code) && !code.includes(`\`${stem}\${`) &&
      !code.includes(`'${group}'`) && !(group.startsWith('command.') && code.includes(`'${group.slice(8)}'`)) && !(group === 'account.role' && code.includes('account.role.'))
  })
  expect(unused).toEqual([])
})
