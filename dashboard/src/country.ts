/** Countries by name and flag, from ISO 3166-1 codes. */

const names = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' })

const CODE = /^[A-Z]{2}$/
const REGIONAL_INDICATOR_A = 0x1f1e6

export function countryName(code: string): string {
  if (!CODE.test(code)) return code
  try {
    return names.of(code) ?? code
  } catch {
    // DisplayNames throws on well-formed codes it does not know in some engines.
    return code
  }
}

export function flag(code: string): string {
  if (!CODE.test(code)) return ''
  const letters = [...code].map((letter) => REGIONAL_INDICATOR_A + letter.charCodeAt(0) - 65)
  return String.fromCodePoint(...letters)
}
