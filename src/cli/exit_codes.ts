/** What the process ends with. 3 is a drain that took too long. */
export const EXIT = { ok: 0, failed: 1, refused: 2 } as const
