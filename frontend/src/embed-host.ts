/**
 * Messages between the frame and the page around it (data/embed, the host's script).
 *
 * The host's script names the frame after its own origin. Messages go to that origin only, and only
 * those of the frame's parent with that origin are read. A frame without such a name, as a pasted
 * iframe is, sends nothing and listens to nobody.
 */

const VERSION = 1;
const NAME = /^mapsvc (https?:\/\/\S+)$/;
const LONGEST_ID = 128;

interface Asked {
  mapsvc: typeof VERSION;
  type: "select";
  id: string;
}

function originOf(name: string): string | null {
  const found = NAME.exec(name)?.[1];
  if (!found || window.parent === window) {
    return null;
  }
  try {
    return new URL(found).origin === found ? found : null;
  } catch {
    return null;
  }
}

/** A name stays while the frame goes from page to page. */
const host = originOf(window.name);

function isAsked(data: unknown): data is Asked {
  const asked = data as Partial<Asked> | null;
  return (
    typeof asked === "object" &&
    asked?.mapsvc === VERSION &&
    asked.type === "select" &&
    typeof asked.id === "string" &&
    asked.id.length <= LONGEST_ID
  );
}

/** Tell the host's script something; nothing happens where there is none. */
export function tellHost(type: "ready" | "height" | "select", detail: object = {}): void {
  if (host) {
    window.parent.postMessage({ mapsvc: VERSION, type, ...detail }, host);
  }
}

/** Call for each branch that the host wants to be shown. */
export function whenSelected(call: (id: string) => void): void {
  window.addEventListener("message", ({ data, origin, source }) => {
    if (host && origin === host && source === window.parent && isAsked(data)) {
      call(data.id);
    }
  });
}

/** The frame's page with a branch open, or the one without: its own address with other parameters. */
export function addressWith(changes: Record<string, string | null>): string {
  const address = new URL(window.location.href);
  address.hash = "";
  for (const [name, value] of Object.entries({ page: null, ...changes })) {
    if (value === null) {
      address.searchParams.delete(name);
    } else {
      address.searchParams.set(name, value);
    }
  }
  return address.href;
}

function followHeight(): void {
  const tell = () => tellHost("height", { height: document.body.getBoundingClientRect().height });
  new ResizeObserver(tell).observe(document.body);
}

/** Say that the page is there, how high it is, and which branch it is about. */
export function greetHost(): void {
  tellHost("ready");
  if (document.body.classList.contains("is-fitted")) {
    followHeight();
  }
  const branch = document.getElementById("frame")?.dataset["shown"];
  if (branch) {
    tellHost("select", { id: branch });
  }
}
