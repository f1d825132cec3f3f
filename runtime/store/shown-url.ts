/** Returns an address without its password. */
export function shownUrl(url: string): string {
  return url.replace(/^(\w+:\/\/[^/?#]*?):.*@/, '$1:***@')
}
