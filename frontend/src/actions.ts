/** Copying an address and sharing a page, with one press each. */

const DONE_MS = 2_500;

/** Also where the page is not served securely, so that browsers give no clipboard. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) {
      throw new Error("the browser did not copy");
    }
  }
}

/** What a button says. */
function labelOf(button: HTMLElement): ChildNode | null {
  const texts = [...button.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  const named = texts.find((node) => node.nodeValue?.trim());
  return button.querySelector("span:not(.visually-hidden)") ?? named ?? null;
}

/** Say that it was done, in the button and to who does not see it. */
function confirm(button: HTMLElement): void {
  if (button.classList.contains("is-done")) {
    return; // it says so already
  }
  const said = button.dataset["done"] ?? "";
  const line = document.querySelector("[data-said]");
  const label = labelOf(button);
  const before = label?.textContent ?? "";
  button.style.minWidth = `${button.offsetWidth}px`; // what stands beside it stays
  if (label) {
    label.textContent = said;
  }
  button.classList.add("is-done");
  if (line) {
    line.textContent = said;
  }
  window.setTimeout(() => {
    button.classList.remove("is-done");
    button.style.minWidth = "";
    if (label) {
      label.textContent = before;
    }
    if (line) {
      line.textContent = "";
    }
  }, DONE_MS);
}

async function act(button: HTMLElement): Promise<void> {
  const { copy: text, share } = button.dataset;
  if (text !== undefined) {
    await copy(text);
    button.focus();
    confirm(button);
  } else if (share !== undefined) {
    const page = { title: document.title, text: share, url: location.href.split("#")[0] ?? "" };
    if (navigator.share) {
      await navigator.share(page);
    } else {
      await copy(page.url);
      button.focus();
      confirm(button);
    }
  }
}

/** On the document, so that lists may be swapped. */
export function connectActions(): void {
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest<HTMLElement>("[data-copy], [data-share]");
    if (button) {
      act(button).catch(() => undefined); // the visitor closed the sheet, or the browser forbids it
    }
  });
}
