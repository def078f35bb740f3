// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import de from './de.json'
import en from './en.json'

const places = (s: string) => [...s.matchAll(/\{\{\w+\}\}/g)].map((m) => m[0]).sort()

test('German has the words of English, each with what is put in', () => {
  expect(Object.keys(de)).toEqual(Object.keys(en))
  for (const [k, v] of Object.entries(en)) {
    const german = (de as Record<string, string>)[k]!
    expect(places(german), k).toEqual(places(v))
    expect(german.trim(), k).not.toBe('')
  }
})

test('every word is used', () => {
  const here = new URL('./', import.meta.url)
  const code = readdirSync(here).filter((f) => /\.tsx?$/.test(f) && !f.includes('.test.')).map((f) => readFileSync(new URL(f, here), 'utf8')).join('\n')
  const unused = Object.keys(en).filter((k) => !code.includes(`'${k}'`) && !code.includes(`wordOf('${k.split('.')[0]}'`))
  expect(unused).toEqual([])
})
