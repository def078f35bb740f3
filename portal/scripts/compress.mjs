// Writes a .gz beside every text file of the build, so that the server never
// compresses the same bytes twice, and holds the first load to its budget, in KB.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'

const budget = Number(process.argv[2]) * 1024
const dist = new URL('dist/', pathToFileURL(`${process.cwd()}/`))
const sizes = new Map()
for (const name of readdirSync(dist, { recursive: true })) {
  if (!/\.(js|css|svg|json|html)$/.test(name) || name === 'placeholder.html') continue
  const packed = gzipSync(readFileSync(new URL(name, dist)), { level: 9 })
  writeFileSync(new URL(`${name}.gz`, dist), packed)
  sizes.set(name, packed.length)
}

const index = readFileSync(new URL('index.html', dist), 'utf8')
const first = [...index.matchAll(/(?:src|href)="\/(?:c\/)?(static\/[^"]+)"/g)].map((m) => m[1])
const total = first.reduce((sum, name) => sum + (sizes.get(name) ?? 0), sizes.get('index.html') ?? 0)
console.log(`first load: ${(total / 1024).toFixed(0)} KB gzip in ${first.length} files (budget ${budget / 1024} KB)`)
if (total > budget) {
  console.error('the first load is over its budget')
  process.exit(1)
}
