/** What visitors do on a page: elements that name an event, links that lead away or to a file, forms. */
import { on, start, track } from './tracker'

/** Tell of a click or of a form that is sent: of the innermost element that has something to tell. */
const act = (event: Event): void => {
  const submitted = event.type === 'submit'
  if ((event as MouseEvent).button > 1) return
  // The path leads through shadow roots too, and ends with document and window.
  for (const element of event.composedPath() as (HTMLAnchorElement & HTMLFormElement)[]) {
    const named = element.dataset?.event
    const props: Record<string, string> = {}
    if (named && submitted !== !element.method) {
      for (const each of element.attributes) each.name.replace(/data-prop-(.+)/, (_, key: string) => (props[key] = each.value))
      return track(named, { props })
    }
    if (submitted) return track('Form: Submission', { props: { path: location.pathname } })
    // Links alone have both; those of mailto: have no host.
    if ((element.pathname as any)?.at && element.host) {
      const file = /\.(pdf|zip|rar|7z|gz|dmg|exe|csv|(doc|xls|ppt)x?|mp[34])$/i.test(element.pathname)
      if (file || element.host !== location.host) return track(file ? 'File Download' : 'Outbound Link: Click', { props: { url: element.href } })
    }
  }
}

/** Begin to count, and to hear what visitors do. */
export const begin = () => {
  start()
  on('click auxclick submit', act)
}
