/** Shown as escapes, as they are invisible or turn the order of what follows around. */
const hidden = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** Returns a string as code would write it, in quotes: what can't be seen in it is an escape, on one line. */
export function quotedText(text: string): string {
  return escapeHidden(JSON.stringify(text))
}

/** Returns text on one line whose invisible characters are escapes: `a\nb`. */
export function escapedText(text: string): string {
  return quotedText(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\')
}

function escapeHidden(text: string): string {
  return text.replace(hidden, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
