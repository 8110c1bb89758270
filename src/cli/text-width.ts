/**
 * How wide a text is on a terminal, in place of the package string-width in the bundle (package.json, bundle): yargs asks it to lay out our help
 * pages, whose letters all have width 1, and what the package prepares for emoji and graphemes takes 30 ms of each start.
 */
import { stripVTControlCharacters } from 'node:util'

export default (text: string): number => [...stripVTControlCharacters(text)].length
