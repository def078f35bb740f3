// Removes the last build of the page that it is run for but keeps the committed placeholder.
import { readdirSync, rmSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const dist = new URL('dist/', pathToFileURL(`${process.cwd()}/`))
for (const name of readdirSync(dist)) {
  if (name !== 'placeholder.html') rmSync(new URL(name, dist), { recursive: true })
}
