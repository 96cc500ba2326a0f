/** "Near me": the list by distance; where there is no position, a choice of district. */

import type { Navigation } from "./navigation";
import { type Fix, PositionError, currentPosition, isPermitted } from "./position";

export function connectNear(navigation: Navigation): void {
  const button = document.querySelector<HTMLButtonElement>("[data-near]");
  const line = document.querySelector<HTMLElement>("[data-near-said]");
  const areas = document.querySelector<HTMLElement>("[data-near-areas]");
  if (!button || !line || !areas) {
    return;
  }

  const say = (text: string) => {
    line.textContent = text;
    areas.hidden = text === "";
  };

  const locate = async (): Promise<Fix> => {
    button.setAttribute("aria-busy", "true");
    try {
      return await currentPosition(() => say(button.dataset["slow"] ?? ""));
    } finally {
      button.removeAttribute("aria-busy");
    }
  };

  const sort = async () => {
    try {
      navigation.fix = await locate();
      say("");
    } catch (error) {
      say(button.dataset[error instanceof PositionError ? error.reason : "failed"] ?? "");
      return;
    }
    const url = navigation.url;
    url.searchParams.set("near", "me");
    url.searchParams.delete("page");
    await navigation.go(url);
  };

  button.addEventListener("click", () => {
    if (button.getAttribute("aria-busy") !== "true") {
      void sort();
    }
  });
  areas.addEventListener("click", () => say(""));
  // Come back to, reloaded or shared: only who has allowed it before is not asked.
  if (navigation.url.searchParams.get("near") === "me") {
    void isPermitted().then((permitted) => (permitted ? sort() : undefined));
  }
}
