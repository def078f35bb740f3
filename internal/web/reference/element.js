/** An element with attributes and children; children that are undefined are left out. Text is never markup. */
export function el(name, attributes = {}, ...children) {
  const e = document.createElement(name)
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v)
  e.append(...children.filter((c) => c !== undefined && c !== null && c !== false))
  return e
}
