/** Says why a manual action can't change what code declares. */
export function declaredInCode(schedule: string): string {
  return (
    `schedule '${schedule}' is declared in the code of its job; pause it, change the code, ` +
    'or put yours under another name'
  )
}
