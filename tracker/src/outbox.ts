/** Events on their way: each is kept until the gateway has acknowledged it, and sent again with the same id. */
import { options } from './options'
import { storage } from './refusal'
import type { Wire } from './wire'

const MOST = 50
const PAUSE_MS = 1e3

/** Events, and whether they are being sent. */
export const queue = new Map<Wire, unknown>()
/** Until it fires nothing new is tried. One that was overtaken fires all the same and does no harm. */
export let timer: unknown
let pause = PAUSE_MS

/** Send all that wait. */
export const flush = () => {
  timer = 0
  queue.forEach((underWay, event) =>
    queue.size > MOST
      ? queue.delete(event)
      : underWay ||
        (queue.set(event, 1),
        fetch(options.api, { method: 'POST', body: JSON.stringify({ ...event, a: Date.now() - event.d }), keepalive: 1 as never, credentials: 'omit' })
          .catch((error) => error)
          .then((answer) =>
            // What is refused for good, 400 to 404, is not sent again; too slow, too many, or the server's own trouble is.
            answer.status < 408
              ? (queue.delete(event), (pause = PAUSE_MS))
              : (queue.set(event, 0),
                // Of a round that fails the first sets the timer, and the pause grows once.
                (timer ||= setTimeout(flush, answer.headers?.get('Retry-After') * 1e3 || (pause *= 2)))),
          )),
  )
}

const kept = (): Wire[] => JSON.parse(storage.footfallQueue || '[]')

/** Take what earlier pages kept. */
export const restore = () => {
  if (options.persist) kept().map((event) => queue.set(event, (storage.footfallQueue = '')))
}

/** Try all, as the page may end here, and keep the rest for the next page. */
export const leave = () => {
  flush()
  if (options.persist) storage.footfallQueue = JSON.stringify([...kept(), ...queue.keys()])
}
