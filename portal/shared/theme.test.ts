import { expect, test } from 'vitest'
import { contrast, dark, light, series, type Tokens } from './theme'

test('the ratio is that of WCAG', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

const pairs = (t: Tokens): [string, string, string][] => [
  ...(['ground', 'surface', 'raised'] as const).flatMap((back): [string, string, string][] => [
    [`text on ${back}`, t.text, t[back]], [`quiet text on ${back}`, t.textQuiet, t[back]], [`link on ${back}`, t.link, t[back]],
    ...(['free', 'busy', 'wait', 'bad', 'off'] as const).map((tone): [string, string, string] => [`${tone} on ${back}`, t[tone], t[back]]),
  ]),
  ['text on the accent', t.onAccent, t.accent], ['and under the pointer', t.onAccent, t.accentHover],
  ...(['ground', 'surface', 'raised'] as const).map((back): [string, string, string] => [`what is dangerous, under the pointer, on ${back}`, t.badHover, t[back]]),
  ...(['free', 'busy', 'wait', 'bad', 'off'] as const).map((tone): [string, string, string] => [`${tone} on its ground`, t[tone], t[`${tone}Back`]]),
  ['quiet text on the ground of a running session', t.textQuiet, t.busyBack],
]

test.each([...pairs(light).map((p) => ['light', ...p] as const), ...pairs(dark).map((p) => ['dark', ...p] as const)])(
  '%s: %s is readable (AA)', (_theme, _what, text, back) => expect(contrast(text, back)).toBeGreaterThanOrEqual(4.5))

test('lines of a chart stand out from their ground', () => {
  for (const c of series.light) expect(contrast(c, light.surface)).toBeGreaterThanOrEqual(3)
  for (const c of series.dark) expect(contrast(c, dark.surface)).toBeGreaterThanOrEqual(3)
})
