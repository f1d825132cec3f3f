export interface JsonReply {
  readonly status: number
  /** Undefined when the body is not JSON. */
  readonly body: unknown
}

const maxBytes = 1_048_576

/**
 * Sends one request to an endpoint of ECS, which is link-local and plain HTTP, and reads the reply whole.
 * Rejects when there's no complete reply.
 */
export async function requestJson(
  url: string,
  {
    method,
    body,
    signal,
  }: { readonly method: 'GET' | 'PUT'; readonly body?: object; readonly signal: AbortSignal },
): Promise<JsonReply> {
  // On use: it takes long to load, and only workers in a task have such an endpoint.
  const { request } = await import('node:http')
  const text = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const headers =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    // Its own connection: an earlier call can't delay or break this one.
    const sent = request(url, { method, headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > maxBytes) sent.destroy(new RangeError(`the reply is larger than ${maxBytes} bytes`))
        else chunks.push(chunk)
      })
      response.on('end', () => {
        if (!response.complete) return
        resolve({ status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks).toString()) })
      })
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(text)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
