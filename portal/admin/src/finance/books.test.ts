// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { madeOfBooks } from './books'

test('what is asked for anew after a posting is what screens ask for', () => {
  const root = new URL('../', import.meta.url)
  const asked = new Set<string>()
  for (const f of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!f.endsWith('.tsx')) continue
    for (const m of readFileSync(new URL(f, root), 'utf8').matchAll(/queryKey(?:: |=\{)\['([\w-]+)'/g)) asked.add(m[1]!)
  }
  expect(madeOfBooks.filter((key) => !asked.has(key))).toEqual([])
})
