/** An address as it may be shown: without the password. */
export function shownUrl(url: string): string {
  return url.replace(/^(\w+:\/\/[^/?#]*?):.*@/, '$1:***@')
}
