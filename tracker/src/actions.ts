/** What visitors do on a page: elements that name an event, links that lead away or to a file, forms. */
import type { Track } from './wire'

/** Tell of a click or of a form that is sent: of the innermost element that has something to tell. */
export function act(event: Event, track: Track): void {
  const submitted = event.type === 'submit'
  if ((event as MouseEvent).button > 1) return
  // The path leads through shadow roots too, and ends with document and window.
  for (const element of event.composedPath() as (HTMLAnchorElement & HTMLFormElement)[]) {
    const named = element.dataset?.event
    if (named && submitted !== !element.method) {
      const props: Record<string, string> = {}
      for (const each of element.attributes) each.name.replace(/data-prop-(.+)/, (_, key: string) => (props[key] = each.value))
      return track(named, { props })
    }
    if (submitted) return track('Form: Submission', { props: { path: location.pathname } })
    // Links alone have both; those of mailto: have no host.
    if (element.host && element.pathname) {
      const file = /\.(pdf|zip|rar|7z|gz|dmg|exe|csv|(doc|xls|ppt)x?|mp[34])$/i.test(element.pathname)
      if (file || element.host !== location.host) return track(file ? 'File Download' : 'Outbound Link: Click', { props: { url: element.href } })
    }
  }
}
