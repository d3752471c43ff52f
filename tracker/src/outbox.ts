/** Events on their way: each is kept until the gateway has acknowledged it, and sent again with the same id. */
import { storage } from './refusal'
import type { Wire } from './wire'

const MOST = 50
const PAUSE_MS = 1e3

/** Returns what adds an event, or without one, as the page may end here, tries all and keeps the rest for the next page. */
export function outbox(api: string, persist?: boolean) {
  /** Events, and whether they are being sent. */
  const queue = new Map<Wire, unknown>()
  /** Until it fires nothing new is tried. One that was overtaken fires all the same and does no harm. */
  let timer: unknown
  let pause = PAUSE_MS

  const flush = () => {
    timer = 0
    queue.forEach((underWay, event) => {
      if (queue.size > MOST) queue.delete(event)
      else if (!underWay) {
        queue.set(event, 1)
        fetch(api, { method: 'POST', body: JSON.stringify({ ...event, a: Date.now() - event.d }), keepalive: true, credentials: 'omit' })
          .then((answer) => {
            // Too slow, too many, or the server's own trouble; what is refused for good, 400 to 404, is not sent again.
            if (answer.status > 407) throw answer.headers.get('Retry-After')
            queue.delete(event)
            pause = PAUSE_MS
          })
          .catch((after) => {
            queue.set(event, 0)
            // Of a round that fails the first sets the timer, and the pause grows once.
            timer ||= setTimeout(flush, after * 1e3 || (pause *= 2))
          })
      }
    })
  }

  const kept = (): Wire[] => JSON.parse(storage.footfallQueue || '[]')

  if (persist) {
    kept().map((event) => queue.set(event, 0))
    storage.footfallQueue = ''
  }
  addEventListener('online', flush)

  return (event?: Wire) => {
    if (event) {
      queue.set(event, 0)
      if (!timer) flush()
    } else {
      flush()
      if (persist) storage.footfallQueue = JSON.stringify([...kept(), ...queue.keys()])
    }
  }
}
