/**
 * external-resizer: makes volumes larger when claims ask for more. Not modelled yet; who asks is told so.
 * Source: node-and-storage.md C11.
 */

/** What a summary says when a claim asks for more than it has. */
export const resizerRefusal = 'expansion of volumes is not modelled yet: the claim keeps its size'
