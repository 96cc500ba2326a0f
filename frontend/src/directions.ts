/** The maps that a branch is opened in: the one that this device is likely to have comes first. */

/** Which links come before the others; the server's order is that of people here. */
function likely(device: string, language: string): string[] {
  if (/iPhone|iPad|iPod|Macintosh/.test(device)) {
    return ["apple"];
  }
  return /Android/.test(device) && !language.startsWith("zh") ? ["google", "geo"] : [];
}

export function orderDirections(): void {
  for (const list of document.querySelectorAll("[data-routes]")) {
    for (const app of likely(navigator.userAgent, navigator.language).reverse()) {
      const entry = list.querySelector(`[data-app="${app}"]`);
      if (entry) {
        list.prepend(entry);
      }
    }
  }
}
