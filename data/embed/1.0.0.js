/*!
 * mapsvc, the script for pages that show a map: docs/embedding.md. MIT licence.
 *
 * This file is released as it stands and never changes, so that pages can pin it by its digest; a
 * change is a new file. It turns <div data-mapsvc> into a frame. What stands in the div, a plain
 * link, is seen until the frame has said that it is there, and stays where scripts or frames are
 * blocked.
 */
(() => {
  "use strict";
  const VERSION = 1;
  /** The attributes that the map's address gets; others of the div are the page's own. */
  const PARAMETERS = [
    ..."show list bank district branch q service open center datum zoom".split(" "),
    ..."lang theme accent controls near".split(" "),
  ];
  const HEIGHT = 420;
  const BOUNDS = [200, 2000];
  const HIGHEST = 20000;
  const PATIENCE_MS = 4000;
  const SANDBOX = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox";

  // As the browser knows it: an element named "currentScript" would take its place in the document.
  const running = Object.getOwnPropertyDescriptor(Document.prototype, "currentScript");
  const script = running.get.call(document);
  const isFile = script && /^https?:/.test(script.src);
  /** The one map whose frames are made: the site that the page has this script from. */
  const home = isFile ? new URL("..", script.src).href.replace(/\/*$/, "/") : "";

  /**
   * The frame's address; null where the div names another map, or no file is running. What a div
   * says may be a stranger's, such as a comment's in the page, and must choose no site to frame.
   */
  const addressOf = (data) => {
    try {
      const named = new URL(data.mapsvc || home).href;
      const base = named.replace(/[?#].*$/, "").replace(/\/*$/, "/");
      return base === home ? new URL("embed", home) : null;
    } catch {
      return null;
    }
  };

  const heightOf = (data) => {
    const wanted = Math.round(Number(data.height));
    return data.height && wanted ? Math.min(Math.max(wanted, BOUNDS[0]), BOUNDS[1]) : HEIGHT;
  };

  const frameOf = (div, address) => {
    const data = div.dataset;
    const height = heightOf(data);
    address.searchParams.set("v", String(VERSION));
    address.searchParams.set("height", String(height));
    for (const name of PARAMETERS) {
      if (data[name]) {
        address.searchParams.set(name, data[name]);
      }
    }
    const frame = document.createElement("iframe");
    // By its name the frame knows whom to answer, on every page that it goes to.
    frame.name = `mapsvc ${location.origin}`;
    frame.title = data.title || div.textContent.trim() || "Map";
    frame.loading = "lazy";
    frame.allow = data.near === "1" ? "fullscreen; geolocation" : "fullscreen";
    frame.referrerPolicy = "strict-origin";
    frame.setAttribute("sandbox", SANDBOX);
    frame.src = address.href;
    Object.assign(frame.style, {
      border: "0",
      width: "100%",
      height: `${height}px`,
      display: "block",
      gridArea: "1 / 1",
    });
    return frame;
  };

  const mount = (div) => {
    const address = addressOf(div.dataset);
    if (div.mapsvc || !address) {
      return;
    }
    const origin = address.origin;
    // A page without an origin (a file, a sandbox) hears nothing: there the frame just stays.
    const hears = location.origin !== "null";
    const plain = [...div.children];
    const frame = frameOf(div, address);
    let isReady = false;
    const waiting = [];
    const post = (id) =>
      frame.contentWindow?.postMessage({ mapsvc: VERSION, type: "select", id }, origin);
    const tell = (type, detail) =>
      div.dispatchEvent(new CustomEvent(`mapsvc:${type}`, { detail, bubbles: true }));

    const ready = () => {
      if (!isReady) {
        isReady = true;
        frame.style.pointerEvents = "";
        plain.forEach((each) => {
          each.style.visibility = "hidden";
        });
        waiting.splice(0).forEach(post);
        tell("ready", {});
      }
    };
    const give = () => {
      if (!frame.isConnected) {
        return;
      }
      frame.remove();
      div.style.display = "";
      window.removeEventListener("message", heard);
      document.removeEventListener("securitypolicyviolation", refused);
      tell("blocked", {});
    };
    // Only the frame itself, while it shows the map's own pages, is listened to.
    const heard = ({ data, origin: from, source }) => {
      if (from !== origin || source !== frame.contentWindow || !data || data.mapsvc !== VERSION) {
        return;
      }
      if (data.type === "ready") {
        ready();
      } else if (data.type === "height" && data.height > 0) {
        frame.style.height = `${Math.min(Math.ceil(data.height), HIGHEST)}px`;
      } else if (data.type === "select" && typeof data.id === "string") {
        tell("select", { id: data.id });
      }
    };
    const refused = (event) => {
      const own = event.blockedURI === origin || event.blockedURI.startsWith(`${origin}/`);
      if (own && /^(frame|child|default)-src/.test(event.effectiveDirective)) {
        give();
      }
    };
    window.addEventListener("message", heard);
    document.addEventListener("securitypolicyviolation", refused);
    const isBlank = () => {
      try {
        return frame.contentWindow.location.href === "about:blank";
      } catch {
        return false; // it shows another origin's page
      }
    };
    frame.addEventListener("load", () => {
      if (!isReady && hears && !isBlank()) {
        setTimeout(() => isReady || give(), PATIENCE_MS);
      }
    });
    div.mapsvc = {
      frame,
      /** Show a branch, now or as soon as the map is there. */
      select: (id) => void (isReady ? post(String(id)) : waiting.push(String(id))),
    };
    // One upon the other, so that nothing moves when the frame takes the link's place; until then
    // the link can be pressed.
    frame.style.pointerEvents = hears ? "none" : "";
    div.style.display = "grid";
    plain.forEach((each) => {
      each.style.gridArea = "1 / 1";
    });
    div.append(frame);
  };

  const scan = (root) => {
    (root || document).querySelectorAll("div[data-mapsvc]").forEach(mount);
  };
  window.mapsvc = { version: "1.0.0", scan };
  scan();
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => scan());
  }
})();
