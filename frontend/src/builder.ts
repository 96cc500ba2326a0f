/** The builder of embed codes. */
export {};
