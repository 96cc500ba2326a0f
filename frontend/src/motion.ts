/** Whether the visitor wants to see as little movement as possible. */
export const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
