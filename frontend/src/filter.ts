/** The search and the choices: their result comes without loading the page anew. */

import type { Navigation } from "./navigation";

/** The address that a form asks for; empty fields would only lengthen what people share. */
function addressOf(form: HTMLFormElement): URL {
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim() !== "") {
      url.searchParams.append(name, value.trim());
    }
  }
  // The box may still hold the place that the list begins at; who types something new looks from
  // there, not from the place before.
  if (url.searchParams.get("q") === url.searchParams.get("near")) {
    url.searchParams.delete("q");
  } else if (url.searchParams.has("q") && url.searchParams.get("near") !== "me") {
    url.searchParams.delete("near");
  }
  return url;
}

export function connectFilter(form: HTMLFormElement, navigation: Navigation): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void navigation.go(addressOf(form));
  });
  form.addEventListener("change", ({ target }) => {
    const isChoice = target instanceof HTMLInputElement && target.type === "checkbox";
    if (isChoice || target instanceof HTMLSelectElement) {
      form.requestSubmit();
    }
  });
}
