/** What was asked of the tracker. A page has one. */
import type { Options } from './wire'

export const options = {} as Options
