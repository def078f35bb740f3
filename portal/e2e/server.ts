// Starts the demo for a file of tests: the real server with charge points that charge.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Server {
  base: string
  logins: Record<string, string>
  stop: () => Promise<void>
}

/** Below the ports that the system gives to outgoing connections. */
async function freePort(): Promise<number> {
  for (;;) {
    // Each worker has a range of its own: a port is free only until another takes it.
    const worker = Number(process.env.VITEST_POOL_ID ?? 0) % 6
    const port = 20_000 + worker * 2_000 + Math.floor(Math.random() * 2_000)
    const free = await new Promise<boolean>((resolve) => {
      const s = createServer()
      s.once('error', () => resolve(false))
      s.listen(port, '127.0.0.1', () => s.close(() => resolve(true)))
    })
    if (free) return port
  }
}

export async function startServer(...more: string[]): Promise<Server> {
  const bin = process.env.CCMS_BIN ?? fileURLToPath(new URL('../../bin/ccms', import.meta.url))
  if (!existsSync(bin)) throw new Error(`there is no ${bin}: run "make build", or name the binary in CCMS_BIN`)
  const data = mkdtempSync(join(tmpdir(), 'ccms-e2e-'))
  const addr = `127.0.0.1:${await freePort()}`
  const server = spawn(bin, ['demo', '--addr', addr, '--data', data, '--sites', '1', '--history', '0', ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
  process.once('exit', () => server.kill('SIGKILL'))
  const ended = new Promise<number | null>((resolve) => { server.once('exit', resolve) })

  const logins: Record<string, string> = {}
  const said: string[] = []
  const wanted = ['owner', 'admin', 'ops', 'auditor']
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo did not print its logins:\n${said.join('\n')}`)), 60_000)
    void ended.then((code) => reject(new Error(`the demo ended with ${code}:\n${said.join('\n')}`)))
    const read = (line: string) => {
      said.push(line)
      // "login: admin / …" and, once on the first start, "login: owner password: …".
      const m = /login: (\S+) (?:\/|password:) (\S+)/.exec(line)
      if (m) logins[m[1]!] = m[2]!
      if (wanted.every((w) => logins[w])) {
        clearTimeout(timer)
        resolve()
      }
    }
    createInterface(server.stdout).on('line', read)
    createInterface(server.stderr).on('line', read)
  })
  const base = `http://${addr}`
  for (let i = 0; ; i++) {
    const ok = await fetch(`${base}/readyz`).then((r) => r.ok, () => false)
    if (ok) break
    if (i > 100) throw new Error(`the demo does not get ready:\n${said.join('\n')}`)
    await new Promise((r) => { setTimeout(r, 100) })
  }
  return {
    base, logins,
    stop: async () => {
      server.kill('SIGTERM')
      const forced = setTimeout(() => server.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(forced)
      rmSync(data, { recursive: true, force: true })
    },
  }
}
