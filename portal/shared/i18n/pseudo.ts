// A locale made from the English one: accents show strings that did not go through
// the keys, brackets show sentences glued from pieces, length shows tight places.

const accents: Record<string, string> = {
  a: 'á', c: 'ç', e: 'é', g: 'ğ', i: 'í', n: 'ñ', o: 'ö', s: 'š', u: 'ú', y: 'ý', z: 'ž',
  A: 'Å', C: 'Ç', E: 'É', I: 'Í', N: 'Ñ', O: 'Ö', S: 'Š', U: 'Ú', Z: 'Ž',
}

export function pseudo(text: string): string {
  const changed = text
    .split(/(\{\{.*?\}\})/)
    .map((part) => (part.startsWith('{{') ? part : part.replace(/[a-zA-Z]/g, (c) => accents[c] ?? c)))
    .join('')
  return `[${changed}${'~'.repeat(Math.ceil(text.length / 4))}]`
}

export function pseudoAll<T>(tree: T): T {
  if (typeof tree === 'string') return pseudo(tree) as T
  return Object.fromEntries(Object.entries(tree as object).map(([k, v]) => [k, pseudoAll(v)])) as T
}
