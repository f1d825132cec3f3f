/** Errors as Node and common clients throw them: those of one group have one cause. */
export interface RealGroup {
  readonly name: string
  readonly code?: string | number
  readonly status?: number
  /** The retained part of their messages. */
  readonly text: string
  readonly messages: readonly string[]
}

export const realGroups: readonly RealGroup[] = [
  // JavaScript
  {
    name: 'TypeError',
    text: "Cannot read properties of undefined (reading 'sku')",
    messages: ["Cannot read properties of undefined (reading 'sku')"],
  },
  {
    name: 'TypeError',
    text: "Cannot read properties of undefined (reading 'price')",
    messages: ["Cannot read properties of undefined (reading 'price')"],
  },
  {
    name: 'TypeError',
    text: "Cannot read properties of undefined (reading '<n>')",
    messages: [
      "Cannot read properties of undefined (reading '0')",
      "Cannot read properties of undefined (reading '17')",
    ],
  },
  {
    name: 'TypeError',
    text: 'this.items.at is not a function',
    messages: ['this.items.at is not a function'],
  },
  { name: 'TypeError', text: 'log.info is not a function', messages: ['log.info is not a function'] },
  {
    name: 'RangeError',
    text: 'Invalid array length',
    messages: ['Invalid array length'],
  },
  {
    name: 'RangeError',
    text: 'Maximum call stack size exceeded',
    messages: ['Maximum call stack size exceeded'],
  },
  // JSON
  {
    name: 'SyntaxError',
    text: `Unexpected token '<', "<text>"... is not valid JSON`,
    messages: [
      `Unexpected token '<', "<!DOCTYPE "... is not valid JSON`,
      `Unexpected token '<', "<html><hea"... is not valid JSON`,
    ],
  },
  {
    name: 'SyntaxError',
    text: "Expected ',' or '}' after property value in JSON at position <n> (line <n> column <n>)",
    messages: [
      "Expected ',' or '}' after property value in JSON at position 15 (line 1 column 16)",
      "Expected ',' or '}' after property value in JSON at position 20481 (line 310 column 9)",
    ],
  },
  {
    name: 'SyntaxError',
    text: 'Unexpected end of JSON input',
    messages: ['Unexpected end of JSON input'],
  },
  // Node
  {
    name: 'Error',
    code: 'ENOENT',
    text: "ENOENT: no such file or directory, open '<path>'",
    messages: [
      "ENOENT: no such file or directory, open '/var/imports/2026-03-01.csv'",
      "ENOENT: no such file or directory, open '/home/ann/My Files/a.csv'",
      "ENOENT: no such file or directory, open 'C:\\imports\\a.csv'",
    ],
  },
  {
    name: 'Error',
    code: 'EACCES',
    text: "EACCES: permission denied, mkdir '<path>'",
    messages: ["EACCES: permission denied, mkdir '/srv/out/17'"],
  },
  {
    name: 'Error',
    code: 'ECONNREFUSED',
    text: 'connect ECONNREFUSED <host>',
    messages: [
      'connect ECONNREFUSED 127.0.0.1:5432',
      'connect ECONNREFUSED 10.20.30.40:5432',
      'connect ECONNREFUSED ::1:5432',
    ],
  },
  {
    name: 'Error',
    code: 'ENOTFOUND',
    text: 'getaddrinfo ENOTFOUND <host>',
    messages: ['getaddrinfo ENOTFOUND db.prod.internal', 'getaddrinfo ENOTFOUND postgres'],
  },
  {
    name: 'Error',
    code: 'EAI_AGAIN',
    text: 'getaddrinfo EAI_AGAIN <host>',
    messages: ['getaddrinfo EAI_AGAIN redis', 'getaddrinfo EAI_AGAIN api.stripe.com'],
  },
  { name: 'Error', code: 'ECONNRESET', text: 'read ECONNRESET', messages: ['read ECONNRESET'] },
  { name: 'Error', code: 'ECONNRESET', text: 'socket hang up', messages: ['socket hang up'] },
  {
    name: 'Error',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    text: "Hostname/IP does not match certificate's altnames: Host: <host>. is not in the cert's altnames: DNS:<host>",
    messages: [
      "Hostname/IP does not match certificate's altnames: Host: api.example.com. is not in the cert's altnames: DNS:www.example.org",
    ],
  },
  // fetch (undici)
  { name: 'TypeError', text: 'fetch failed', messages: ['fetch failed'] },
  {
    name: 'ConnectTimeoutError',
    code: 'UND_ERR_CONNECT_TIMEOUT',
    text: 'Connect Timeout Error (attempted address: <host>, timeout: <n>ms)',
    messages: [
      'Connect Timeout Error (attempted address: api.example.com:443, timeout: 10000ms)',
      'Connect Timeout Error (attempted address: 93.184.216.34:443, timeout: 5000ms)',
    ],
  },
  {
    name: 'TypeError',
    code: 'ERR_INVALID_URL',
    text: 'Invalid URL',
    messages: ['Invalid URL'],
  },
  {
    name: 'TimeoutError',
    code: 23,
    text: 'The operation was aborted due to timeout',
    messages: ['The operation was aborted due to timeout'],
  },
  // axios, got
  {
    name: 'AxiosError',
    code: 'ERR_BAD_REQUEST',
    text: 'Request failed with status code <n>',
    messages: ['Request failed with status code 404', 'Request failed with status code 422'],
  },
  {
    name: 'AxiosError',
    code: 'ECONNABORTED',
    text: 'timeout of <n>ms exceeded',
    messages: ['timeout of 3000ms exceeded', 'timeout of 500ms exceeded'],
  },
  {
    name: 'HttpError',
    status: 503,
    text: 'GET <url> failed',
    messages: [
      'GET https://api.example.com/v1/orders/17?expand=items&page=2 failed',
      'GET http://localhost:8080/orders failed',
    ],
  },
  {
    name: 'HttpError',
    status: 404,
    text: 'GET <url> failed',
    messages: ['GET https://api.example.com/a failed'],
  },
  // Postgres
  {
    name: 'error',
    code: '23505',
    text: 'duplicate key value violates unique constraint "orders_pkey"',
    messages: ['duplicate key value violates unique constraint "orders_pkey"'],
  },
  {
    name: 'error',
    code: '23505',
    text: 'duplicate key value violates unique constraint "users_email_key"',
    messages: ['duplicate key value violates unique constraint "users_email_key"'],
  },
  {
    name: 'error',
    code: '22P02',
    text: 'invalid input syntax for type uuid: "<text>"',
    messages: [
      'invalid input syntax for type uuid: "order 17"',
      'invalid input syntax for type uuid: "12-x"',
    ],
  },
  {
    name: 'error',
    code: '42P01',
    text: 'relation "order_items" does not exist',
    messages: ['relation "order_items" does not exist'],
  },
  {
    name: 'error',
    code: '40P01',
    text: 'deadlock detected',
    messages: ['deadlock detected'],
  },
  {
    name: 'error',
    code: '57014',
    text: 'canceling statement due to statement timeout',
    messages: ['canceling statement due to statement timeout'],
  },
  {
    name: 'error',
    code: '28000',
    text: 'no pg_hba.conf entry for host "<host>", user "app", database "shop", no encryption',
    messages: [
      'no pg_hba.conf entry for host "10.0.0.17", user "app", database "shop", no encryption',
      'no pg_hba.conf entry for host "10.0.3.2", user "app", database "shop", no encryption',
    ],
  },
  // MongoDB, MySQL, SQLite
  {
    name: 'MongoServerError',
    code: 11000,
    text: '<n> duplicate key error collection: shop.orders index: number_<n> dup key: { number: <n> }',
    messages: [
      'E11000 duplicate key error collection: shop.orders index: number_1 dup key: { number: 17 }',
      'E11000 duplicate key error collection: shop.orders index: number_1 dup key: { number: 20481 }',
    ],
  },
  {
    name: 'Error',
    code: 'ER_DUP_ENTRY',
    text: "Duplicate entry '<n>' for key 'orders.number'",
    messages: [
      "Duplicate entry '17' for key 'orders.number'",
      "Duplicate entry '20481' for key 'orders.number'",
    ],
  },
  {
    name: 'Error',
    code: 'ERR_SQLITE_ERROR',
    text: 'database is locked',
    messages: ['database is locked'],
  },
  // Stripe
  {
    name: 'StripeInvalidRequestError',
    code: 'resource_missing',
    text: "No such customer: '<text>'",
    messages: ["No such customer: 'cus_NffrFeUfNV2Hib'", "No such customer: 'cus_9s6XKzkNRiz8i3'"],
  },
  {
    name: 'StripeInvalidRequestError',
    code: 'resource_missing',
    text: 'No such charge: ch_<n>',
    messages: ['No such charge: ch_3MmlLrLkdIwHu7ix0snN0B15', 'No such charge: ch_1NirD82eZvKYlo2CIvbtLWuY'],
  },
  {
    name: 'StripeCardError',
    code: 'card_declined',
    text: 'Your card was declined.',
    messages: ['Your card was declined.'],
  },
  {
    name: 'StripeIdempotencyError',
    text: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '<uuid>' if you meant to execute a different request.",
    messages: [
      "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '5f2e3a1c-1111-4222-8333-abcdefabcdef' if you meant to execute a different request.",
      "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '00000000-aaaa-4bbb-8ccc-0123456789ab' if you meant to execute a different request.",
    ],
  },
  // AWS
  {
    name: 'NoSuchKey',
    text: 'The specified key does not exist.',
    messages: ['The specified key does not exist.'],
  },
  {
    name: 'ThrottlingException',
    text: 'Rate exceeded',
    messages: ['Rate exceeded'],
  },
  {
    name: 'AccessDeniedException',
    text: 'User: arn:aws:sts::<n>:assumed-role/worker/i-<n> is not authorized to perform: sqs:SendMessage',
    messages: [
      'User: arn:aws:sts::123456789012:assumed-role/worker/i-0abc12de34f567890 is not authorized to perform: sqs:SendMessage',
      'User: arn:aws:sts::210987654321:assumed-role/worker/i-09f8e7d6c5b4a3210 is not authorized to perform: sqs:SendMessage',
    ],
  },
  // Redis
  {
    name: 'ReplyError',
    text: 'WRONGTYPE Operation against a key holding the wrong kind of value',
    messages: ['WRONGTYPE Operation against a key holding the wrong kind of value'],
  },
  {
    name: 'ReplyError',
    text: 'MOVED <n> <host>',
    messages: ['MOVED 3999 127.0.0.1:6381', 'MOVED 12182 10.0.0.7:6379'],
  },
  {
    name: 'MaxRetriesPerRequestError',
    text: 'Reached the max retries per request limit (which is <n>). Refer to "maxRetriesPerRequest" option for details.',
    messages: [
      'Reached the max retries per request limit (which is 20). Refer to "maxRetriesPerRequest" option for details.',
    ],
  },
  // An author's
  {
    name: 'Error',
    text: "can't charge user's order <n> of <n> EUR: it isn't paid",
    messages: [
      "can't charge user's order 17 of 12.50 EUR: it isn't paid",
      "can't charge user's order 20,481 of 3 EUR: it isn't paid",
    ],
  },
  {
    name: 'Error',
    text: 'no mail to <host> after <n>, try <n>/<n>',
    messages: [
      'no mail to ann@example.com after 2026-03-01T10:00:00.000Z, try 3/5',
      'no mail to bob.b@mail.example.org after 2026-03-02T09:59:59Z, try 1/5',
    ],
  },
  {
    name: 'Error',
    text: 'row <n> of <path> is no order: <n>',
    messages: ['row 5 of uploads/2026/march.csv is no order: 3x4', 'row 17 of ./march.csv is no order: 30x4'],
  },
]
