/** What the process ends with. A refused config is 2; 3 is a drain that the deadline cut short. */
export const EXIT = { ok: 0, failed: 1, refused: 2, deadline: 3 } as const
