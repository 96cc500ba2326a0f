/** The visitor's own position, asked for only where they press for it; why it failed, in kinds. */

/** In WGS-84, as browsers give it. */
export interface Fix {
  lat: number;
  lon: number;
  /** Metres, at 95 %. */
  accuracy: number;
}

/** `refused`: by the visitor or the frame's owner; `failed`: there is none to be had. */
export type Refusal = "refused" | "failed";

export class PositionError extends Error {
  constructor(readonly reason: Refusal) {
    super(`no position: ${reason}`);
  }
}

const PATIENCE_MS = 10_000;
const SLOW_MS = 3_000;
const RECENT_MS = 60_000;
const PERMISSION_DENIED = 1;

function ask(options: PositionOptions): Promise<Fix> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) =>
        resolve({ lat: latitude, lon: longitude, accuracy }),
      (error) =>
        reject(new PositionError(error.code === PERMISSION_DENIED ? "refused" : "failed")),
      options,
    );
  });
}

/**
 * Ask for the position: an exact one first, then any, as indoors there may be no other.
 *
 * @param slow called once if it takes long, so that something can be said
 */
export async function currentPosition(slow: () => void): Promise<Fix> {
  if (!window.isSecureContext || !("geolocation" in navigator)) {
    throw new PositionError("failed");
  }
  const timer = window.setTimeout(slow, SLOW_MS);
  try {
    return await ask({
      enableHighAccuracy: true,
      timeout: PATIENCE_MS,
      maximumAge: RECENT_MS,
    }).catch((error: PositionError) => {
      if (error.reason === "refused") {
        throw error;
      }
      return ask({ enableHighAccuracy: false, timeout: PATIENCE_MS, maximumAge: 5 * RECENT_MS });
    });
  } finally {
    window.clearTimeout(timer);
  }
}

/** Whether the position would be given without a question. */
export async function isPermitted(): Promise<boolean> {
  try {
    return (await navigator.permissions.query({ name: "geolocation" })).state === "granted";
  } catch {
    return false; // older browsers cannot tell
  }
}
