// SPDX-License-Identifier: Apache-2.0
// Elements, and numbers as text.

type Attributes = Record<string, string | number | null | undefined>
type Children = (Node | string | null | Children)[]

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found
}
export const inputById = (id: string) => byId(id) as HTMLInputElement
export const selectById = (id: string) => byId(id) as HTMLSelectElement
export const dialogById = (id: string) => byId(id) as HTMLDialogElement

// element('td', { class: 'x' }, 'text', child, ...); text is only ever text.
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Children
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children)
}
export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Children
): SVGElementTagNameMap[Name] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}
function filled<Of extends Element>(node: Of, attributes: Attributes, children: Children): Of {
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== null) node.setAttribute(key, String(value))
  append(node, children)
  return node
}
function append(node: Element, children: Children): void {
  for (const child of children) {
    if (Array.isArray(child)) append(node, child)
    else if (child !== null) node.append(child)
  }
}

export const fixed = (value: number | null, digits: number) =>
  value === null ? '–' : value.toFixed(digits).replace('-', '−')
export const count = (n: number) => n.toLocaleString('en')
export const plural = (n: number, one: string, many: string) => `${count(n)} ${n === 1 ? one : many}`
