/**
 * The builder of codes, live: after each choice the same page is asked for, and what comes of it
 * takes the place of what came before. Without scripts its button does that.
 */

const PAUSE_MS = 350;

let pause: number | undefined;
let asking = new AbortController();

function wanted(form: HTMLFormElement): string {
  const given = [...new FormData(form)].filter(([, value]) => value !== "") as [string, string][];
  return `?${new URLSearchParams(given)}`;
}

async function renew(form: HTMLFormElement): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const address = wanted(form);
  const answer = await fetch(address, { signal: asking.signal });
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = made.getElementById("result");
  const shown = document.getElementById("result");
  if (!fresh || !shown) {
    return;
  }
  shown.replaceWith(document.adoptNode(fresh));
  connectCopying();
  window.history.replaceState(null, "", address);
}

function connectCopying(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-copy]")) {
    button.hidden = false;
    const { copy, done } = button.dataset;
    const text = document.getElementById(copy ?? "") as HTMLTextAreaElement | null;
    const name = button.textContent;
    button.addEventListener("click", () => {
      text?.select();
      const copied = () => {
        button.textContent = done ?? "";
        window.setTimeout(() => (button.textContent = name), 2_000);
      };
      // Where the clipboard is out of reach, the text is selected at least.
      navigator.clipboard?.writeText(text?.value ?? "").then(copied, () => undefined);
    });
  }
}

const form = document.getElementById("choices");
if (form instanceof HTMLFormElement) {
  form.addEventListener("input", () => {
    window.clearTimeout(pause);
    pause = window.setTimeout(() => renew(form).catch(() => undefined), PAUSE_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(pause);
    renew(form).catch(() => form.submit());
  });
}
connectCopying();
