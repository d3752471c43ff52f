/** The reader's API key: for this tab only, gone when it closes. */

const ENTRY = 'footfall.key'

export function storedKey(): string {
  try {
    return sessionStorage.getItem(ENTRY) ?? ''
  } catch {
    // Storage is refused in some private modes and sandboxed frames.
    return ''
  }
}

export function storeKey(key: string): void {
  try {
    if (key) sessionStorage.setItem(ENTRY, key)
    else sessionStorage.removeItem(ENTRY)
  } catch {
    // The key then lasts until the page is reloaded.
  }
}
