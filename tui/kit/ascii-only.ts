import { type Context, createContext } from 'react'

/** Whether the terminal is to get nothing but ASCII, whoever wrote the text. */
export const AsciiOnly: Context<boolean> = createContext(false)
