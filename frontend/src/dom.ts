/** Elements from text: nothing that comes from a list is ever parsed as HTML. */

type Child = Node | string;

/** An element with a class and children; strings become text nodes. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
}

/** Text of unknown direction, kept apart from what stands around it. */
export function isolated(text: string, lang = ""): HTMLElement {
  const made = element("bdi", "", text);
  if (lang) {
    made.lang = lang;
  }
  return made;
}

/** A link; `newWindow` for maps in a foreign page's frame. */
export function link(url: string, newWindow: boolean, className: string, child: Child) {
  const made = element("a", className, child);
  made.href = url;
  if (newWindow) {
    made.target = "_blank";
    made.rel = "noopener";
  }
  return made;
}
