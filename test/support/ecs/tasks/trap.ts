// A task for tests of the fake: reports its signals. Argument: heed (ends on SIGTERM with 0), ignore, or a code to
// end with at once.

const mode = process.argv[2] ?? 'heed'

process.on('SIGTERM', () => {
  process.stdout.write('SIGTERM\n')
  if (mode === 'heed') process.exit(0)
})

if (mode === 'heed' || mode === 'ignore') {
  setInterval(() => undefined, 60_000)
  process.stdout.write(`ready ${process.pid}\n`)
} else {
  process.exitCode = Number(mode)
}
