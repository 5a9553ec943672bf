/**
 * Makes elements. Text becomes text nodes only: nothing that comes from a capture is ever read as markup, and no attribute
 * that can run or load anything is set from one.
 */

/** What an element has: attributes, or a handler of clicks. */
export interface Properties {
  readonly class?: string;
  readonly click?: () => void;
  readonly [attribute: `aria-${string}` | `data-${string}`]: string | undefined;
  readonly id?: string;
  readonly role?: string;
  readonly title?: string;
  readonly tabindex?: string;
  readonly type?: string;
  readonly scope?: string;
  readonly colspan?: string;
  readonly value?: string;
  readonly href?: string;
  readonly for?: string;
}

export type Child = Node | string | number | undefined | false;

/** An element with its children. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener("click", value as () => void);
    else if (value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false).map(toNode));
  return element;
}

function toNode(child: Node | string | number): Node {
  return child instanceof Node ? child : document.createTextNode(String(child));
}

/** The element of the page with this id. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${id}`);
  return element;
}

/** A button with a text. */
export function button(text: string, click: () => void, properties: Properties = {}): HTMLButtonElement {
  return make("button", { type: "button", click, ...properties }, text);
}

/** A text in which "RFC 6455 §5.2" leads to that section. */
export function withLinks(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let at = 0;
  let rfc = "";
  for (const match of text.matchAll(/(?:RFC (\d+) )?§([\d.]*\d)/g)) {
    rfc = match[1] ?? rfc;
    if (rfc === "") continue;
    fragment.append(text.slice(at, match.index));
    const href = `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${match[2]}`;
    const link = make("a", { href }, match[0]);
    link.target = "_blank";
    link.rel = "noreferrer noopener";
    fragment.append(link);
    at = match.index + match[0].length;
  }
  fragment.append(text.slice(at));
  return fragment;
}
