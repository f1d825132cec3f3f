import { AwsError } from './aws-error.ts'

interface Range {
  readonly min: number
  readonly max: number
}

/** Reads the members of a request of the ECS API, and refuses the same ones as AWS. */
export class RequestReader {
  readonly #members: Readonly<Record<string, unknown>>

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members
  }

  static parse(body: string): RequestReader {
    let value: unknown
    try {
      value = JSON.parse(body)
    } catch {
      throw new AwsError('SerializationException', 'The request is no JSON.')
    }
    if (!isRecord(value)) throw new AwsError('SerializationException', 'The request is no JSON object.')
    return new RequestReader(value)
  }

  text(name: string): string {
    return this.optionalText(name) ?? missing(name)
  }

  optionalText(name: string): string | undefined {
    const value = this.#members[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string') return wrongType(name, 'a string')
    return value
  }

  texts(name: string, most: number): readonly string[] {
    return this.optionalTexts(name, most) ?? missing(name)
  }

  optionalTexts(name: string, most: number): readonly string[] | undefined {
    const value = this.#members[name]
    if (value === undefined || value === null) return undefined
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      return wrongType(name, 'a list of strings')
    }
    if (value.length > most) {
      throw new AwsError('InvalidParameterException', `${name} can have at most ${most} items.`)
    }
    return value
  }

  boolean(name: string): boolean {
    return this.optionalBoolean(name) ?? missing(name)
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#members[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'boolean') return wrongType(name, 'a boolean')
    return value
  }

  optionalInteger(name: string, { min, max }: Range): number | undefined {
    const value = this.#members[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'number' || !Number.isInteger(value)) return wrongType(name, 'an integer')
    if (value < min || value > max) {
      throw new AwsError('InvalidParameterException', `${name} must be between ${min} and ${max}.`)
    }
    return value
  }

  optionalObject(name: string): RequestReader | undefined {
    const value = this.#members[name]
    if (value === undefined || value === null) return undefined
    if (!isRecord(value)) return wrongType(name, 'a structure')
    return new RequestReader(value)
  }

  objects(name: string): readonly RequestReader[] {
    const value = this.#members[name] ?? []
    if (!Array.isArray(value) || !value.every(isRecord)) return wrongType(name, 'a list of structures')
    return value.map((item) => new RequestReader(item))
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function missing(name: string): never {
  throw new AwsError('InvalidParameterException', `${name} can not be blank.`)
}

function wrongType(name: string, type: string): never {
  throw new AwsError('SerializationException', `${name} must be ${type}.`)
}
