/** A sentence around a figure that stands larger: before it, the figure, after it. */
export type Around = readonly [before: string, figure: string, after: string];

/** The same words in both languages: a missing or surplus entry does not compile. */
export const both = <Words>(en: Words, zh: NoInfer<Words>): Record<"en" | "zh-CN", Words> => ({ en, "zh-CN": zh });
