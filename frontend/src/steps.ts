/** Long work in steps, so that a slow phone answers the finger in between. */

/** What takes steps: it yields where it may be interrupted, and returns what it made. */
export type Steps<T> = Generator<void, T>;

/** Milliseconds; on a phone four times slower than a computer, well below a noticed 50. */
const STRETCH = 4;

interface Yielding {
  yield?(): Promise<void>;
}

/** Let the browser do what waits. */
export function giveWay(): Promise<void> {
  const { scheduler } = window as Window & { scheduler?: Yielding };
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}

/** Take all steps without a break. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      return value;
    }
  }
}

/** Take the steps, with a break whenever some have taken their time. */
export async function inSteps<T>(steps: Steps<T>): Promise<T> {
  let since = performance.now();
  for (;;) {
    const { done, value } = steps.next();
    if (done) {
      return value;
    }
    if (performance.now() - since > STRETCH) {
      await giveWay();
      since = performance.now();
    }
  }
}
