// The look as data: one set of names, a light and a dark value for each. antd and
// our own style sheet read the same tokens. Contrast of text on its ground is AA
// in both (checked in theme.test.ts).

export interface Tokens {
  accent: string; onAccent: string; link: string
  /** Under the pointer. */
  accentHover: string; badHover: string
  ground: string; surface: string; raised: string; line: string
  text: string; textQuiet: string
  /** Tones of a status: free, busy, wait, bad, off. Text and its tinted ground. */
  free: string; freeBack: string
  busy: string; busyBack: string
  wait: string; waitBack: string
  bad: string; badBack: string
  off: string; offBack: string
}

export const light: Tokens = {
  accent: '#1d5bbf', onAccent: '#ffffff', link: '#1d5bbf', accentHover: '#2a6bd4', badHover: '#c4362d',
  ground: '#f4f6f9', surface: '#ffffff', raised: '#f8fafc', line: '#dde3eb',
  text: '#17202e', textQuiet: '#566274',
  free: '#146c3c', freeBack: '#e3f5ea',
  busy: '#1a56b4', busyBack: '#e4eefc',
  wait: '#855400', waitBack: '#fdf1d7',
  bad: '#b3261e', badBack: '#fdeae8',
  off: '#566274', offBack: '#edf0f4',
}

export const dark: Tokens = {
  accent: '#8ab4ff', onAccent: '#0b1a33', link: '#9cc0ff', accentHover: '#a9c8ff', badHover: '#ffb4ad',
  ground: '#0f141b', surface: '#171e28', raised: '#1d2631', line: '#303b4a',
  text: '#e4eaf2', textQuiet: '#a2afc0',
  free: '#7fd8a2', freeBack: '#17342a',
  busy: '#9cc0ff', busyBack: '#1b2f4d',
  wait: '#f0c26a', waitBack: '#3a2e14',
  bad: '#ff9d94', badBack: '#452321',
  off: '#a2afc0', offBack: '#242d39',
}

/** Colour-blind-safe series for charts (after Okabe and Ito), for each ground. */
export const series = { light: ['#0072b2', '#b34700', '#007a58', '#8a4b7d'], dark: ['#56b4e9', '#e69f00', '#40c9a2', '#d99ac5'] }

/** "--c-text-quiet: #566274; …" */
export function cssVariables(t: Tokens): string {
  return Object.entries(t)
    .map(([name, value]) => `--c-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: ${value};`)
    .join(' ')
}

/** WCAG 2 contrast ratio of two #rrggbb colours. */
export function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (hi + 0.05) / (lo + 0.05)
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
