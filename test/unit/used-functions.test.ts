import { expect, test } from 'vitest'
import { withUsedFunctions } from '../../runtime/store/redis/used-functions.ts'

const parts = `
local made, later, never

local function one(n) return n + 1 end

--- Calls one(1).
local function two(n)
  if n then
    return one(n)
  end
end

local function three() return three end

--[[ There is five(), too. ]]
function later()
  two(2)
end

function never()
  later()
end

local function five(a, b)
  return a
end
made = {}`

function functionsIn(code: string): string[] {
  return [...code.matchAll(/^(?:local )?function (\w+)/gm)].map(([, name]) => name ?? '')
}

test.each([
  ['return made', []],
  ['return one(1)', ['one']],
  ['return two(1)', ['one', 'two']],
  ['return later()', ['one', 'two', 'later']],
  ['never()', ['one', 'two', 'later', 'never']],
  ['return { three = five }', ['three', 'five']],
  ['-- later()\nreturn 1 -- two()\n--[[\nfive()\n]]', []],
])('a script with %j retains: %j', (script, left) => {
  expect(functionsIn(withUsedFunctions(parts, script))).toEqual(left)
})

test('only functions are left out', () => {
  const rest = parts.split('\n').filter((line) => /^(--|local \w+,|made)/.test(line))
  const left = withUsedFunctions(parts, 'return 1').split('\n')
  expect(left.filter((line) => line !== '')).toEqual(rest)
})

test('code that always runs keeps its functions', () => {
  expect(functionsIn(withUsedFunctions(`${parts}\nmade.two = two`, 'return 1'))).toEqual(['one', 'two'])
})
