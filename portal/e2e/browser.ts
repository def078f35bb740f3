// Chromium, a login, and eyes for what a person would not see.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import { type Server, startServer } from './server'

const server = await startServer()
export const { base, logins } = server
afterAll(server.stop)

export const wide = { width: 1440, height: 900 }
export const phone = { width: 390, height: 844 }

export interface Window {
  page: Page
  context: BrowserContext
  /** Errors of scripts and of the console, but for the 401 that says "sign in". */
  errors: string[]
  close: () => Promise<void>
}

export async function openWindow(o: { size?: typeof wide; dark?: boolean; language?: string } = {}): Promise<Window> {
  const profile = mkdtempSync(join(tmpdir(), 'ccms-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    headless: true,
    viewport: o.size ?? wide,
    colorScheme: o.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    timezoneId: 'Asia/Tokyo', // far from the site, whose zone the screens must show
    locale: 'en-GB',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
  const page = context.pages()[0] ?? await context.newPage()
  if (o.language) await page.addInitScript((l) => localStorage.setItem('ccms.language', l), o.language)
  const errors: string[] = []
  page.on('pageerror', (e) => errors.push(e.message))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/status of 4\d\d|net::ERR_FAILED/.test(m.text())) errors.push(m.text())
  })
  return {
    page, context, errors,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

export async function signIn(page: Page, login = 'admin', path = '/', at: Pick<Server, 'base' | 'logins'> = server): Promise<void> {
  await page.goto(`${at.base}/login${path === '/' ? '' : `?next=${encodeURIComponent(path)}`}`)
  await page.getByLabel('Login', { exact: true }).fill(login)
  await page.getByLabel('Password', { exact: true }).fill(at.logins[login]!)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: `Account of ${login}` }).waitFor()
}

/** Asks the API with the login of a page, as its scripts do. */
export async function ask<T>(page: Page, method: string, path: string, body?: object, match?: number): Promise<T> {
  const [status, answer] = await page.evaluate(async ([m, p, b, v]) => {
    const me = await fetch('/api/v1/me').then((r) => r.json()) as { csrf_token: string }
    const init: RequestInit = { method: m, headers: {
      'X-CSRF-Token': me.csrf_token, 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID(), ...(v ? { 'If-Match': `"${v}"` } : {}),
    } }
    if (b) init.body = b
    const r = await fetch(`/api/v1/${p}`, init)
    return [r.status, r.status === 204 ? null : await r.json()] as [number, unknown]
  }, [method, path, body && JSON.stringify(body), match] as const)
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`)
  return answer as T
}

/** Waits until a list shows rows or says why it has none. */
export async function settled(page: Page): Promise<void> {
  await page.locator('[data-id], .blank, .record-head, .home .figure, .map-row').first().waitFor()
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface AxeResult { violations: { id: string; impact?: string | null; nodes: { html: string; failureSummary?: string }[] }[] }

/** What keeps somebody from using the page: the serious and critical ones of faults. */
export async function seriousFaults(page: Page): Promise<string[]> {
  return told((await violations(page)).filter((v) => v.impact === 'serious' || v.impact === 'critical'))
}

/** What axe finds, one line each; of some rules only, where they are named. */
export async function faults(page: Page, rules?: string[]): Promise<string[]> {
  return told(await violations(page, rules))
}

async function violations(page: Page, rules?: string[]): Promise<AxeResult['violations']> {
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe)
  const result = await page.evaluate((only) =>
    (window as unknown as { axe: { run: (o: object) => Promise<AxeResult> } }).axe.run({ resultTypes: ['violations'], ...(only && { runOnly: only }) }), rules)
  return result.violations
}

const told = (violations: AxeResult['violations']): string[] =>
  violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 200)} ${n.failureSummary?.replaceAll('\n', ' ') ?? ''}`))

const shots = fileURLToPath(new URL('shots/', import.meta.url))

export async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.CCMS_PICTURES) return
  mkdirSync(shots, { recursive: true })
  await page.screenshot({ path: join(shots, `${name}.png`) })
}

/** Every screen of the menu, by its address. */
export const screens = [
  'home', 'live/points', 'live/charging', 'finance/plans', 'finance/recharges', 'finance/records', 'finance/ledger',
  'live/warnings', 'live/attempts', 'live/bulks', 'live/map', 'upkeep/windows', 'upkeep/levels',
  'assets/stations', 'assets/points', 'assets/inbox', 'assets/templates', 'assets/models', 'assets/certificates', 'assets/firmware', 'users/profiles', 'users/groups', 'users/cards',
]
